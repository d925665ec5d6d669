"""What AWS says: dated tables with source and retrieval date, and loaders. No judgement here.

Every row of ``data/*.csv`` carries its source and the day it was read. Tables load on first use, once per process.
"""
