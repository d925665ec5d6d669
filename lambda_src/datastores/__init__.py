"""The runtime that functions share: what code in Lambda must do so that the connection budget stays true.

Modules are imported one by one, so that a function without a relational store never loads a database driver:
``relational`` (one connection per execution environment), ``single_table`` and ``cursor`` (DynamoDB), ``projection`` and ``lake``
(relational to Parquet). Settings come from the environment the constructs write and are read at first use, never at import.
"""
