"""What a name says: that it is about a database, an address, credentials or a login."""

from __future__ import annotations

import re
from functools import lru_cache

from constructs_lib.regex import regex

_ABOUT_DATABASES = regex(
    r"(?:^|_)(?:db|bd|bdd|base_de_datos|base_donnees|banco_de_dados|datenbank|rds|aurora|postgres(?:ql)?|pg|mysql|maria(?:db)?|database|sql|redis|valkey|mongo(?:db)?|docdb|documentdb|memcached|"
    r"elasticache|memorydb|neptune|redshift|dsql|db2|oracle|mssql|sqlserver|connection_?strings?|jdbc|tns|datasource|typeorm|pscale|memcache|keydb|cockroach(?:db)?|"
    r"timescale(?:db)?|planetscale|cassandra|clickhouse|couchbase|neo4j|arango(?:db)?|singlestore|yugabyte(?:db)?|tidb|scylla(?:db)?|turso)(?:_|$)|^pghost$|database|postgres|mysql"
)
#: In the languages that teams name their variables in.
_ABOUT_HOSTS = regex(
    r"(?:^|_)(?:host|hostname|hosts|servidor|serveur|hote|tns(?:_string)?|endpoint|servers?|address|addr|url|uri|dsn|conn(?:ection)?_?str(?:ings?)?)(?:_|$)|pghost$"
)
#: What is an address only of what its name says: the connection of a database, the configuration of a cache's client.
_ABOUT_CONNECTIONS = regex(
    r"^(?!.*(?:^|_)(?:max|min|num|number|pool|limit)(?:_|$)).*_conn(?:ection)?(?:_(?:param(?:eter)?|path))?$|(?:redis|valkey|cache)_config(?:uration)?$"
)
#: What ends so holds the address of a database, whatever the application is called: AUTH_DB_HOST, API_DATABASE_URL.
_PLAINLY = regex(
    r"(?:^|_)(?:db|database|postgres(?:ql)?|mysql|mariadb|mongo(?:db)?|redis|rds|aurora)_(?:url|uri|dsn|host|hostname|endpoint)$"
)
#: A cache is one only where an address is meant: anything else of that name may be a browser's.
_CACHES = regex(r"(?:^|_)cache_(?:host|hostname|hosts|endpoint|server|address|url|uri)(?:_|$)")
#: What is asked over HTTP and holds no connection.
_OVER_HTTP = regex(r"(?:^|_)(?:redis|kv)_rest(?:_|$)|(?:^|_)supabase_url$")
#: What goes with an address and is none.
_BESIDE_ADDRESSES = regex(
    r"_(?:port|ports|timeout|type|scheme|protocol|ssl|tls|enabled|count|key|field|prefix|suffix|mode)$"
)
#: What is handed over at an address.
_TOKEN = regex(r"(?:^|_)(?:token|api_?key)$")
_BARE_HOST = regex(r"^(?:cluster_|writer_|primary_)?(?:host|hostname|host_name|server|server_name|endpoint|address)$")
#: Services that are reached over the internet, from inside a VPC or outside of any.
_PUBLIC = regex(
    r"upstash|atlas|neon|planetscale|supabase|cockroach|timescale|aiven|redis_?(?:cloud|labs)|turso", re.IGNORECASE
)
_BARE_LOGIN = regex(r"^(?:user|username|user_name|password|passwd|pass|pwd)$")
_ABOUT_CREDENTIALS = regex(r"(?:^|_)(?:secret|secrets|credential|credentials|cred|creds)(?:_|$)|_password_arn$")
#: What ends like the name of a secret: not the switch, region or time to live that goes with one.
_A_SECRET = regex(
    r"(?:^|_)(?:secret|secrets|credential|credentials|cred|creds)(?:_?manager)?(?:_?(?:name|arn|id|path))?$|_password_arn$"
)
_ABOUT_LOGINS = regex(
    r"^pg_?(?:user|password|database)$|(?:^|_)(?:user|username|password|passwd|pass|pwd|name|database)$|"
    r"(?:^|_)(?:usuario|clave|senha|contrasena|utilisateur|benutzer|passwort)(?:_|$)"
)
_PASSWORD = regex(r"(?:^|_)(?:password|passwd|pass|pwd|clave|senha|contrasena|passwort)$")
_USER = regex(
    r"(?:^|_)(?:user|username|password|passwd|pass|pwd|usuario|clave|senha|contrasena|utilisateur|benutzer|passwort)$"
)
_ABOUT_CLUSTERS = regex(r"(?:^|_)(?:cluster|resource|database|db|aurora|rds)_?arn$")
_NOT_DATABASES = regex(
    r"(?:^|_)(?:https?|api|service|webhook|s3|sqs|sns|queue|topic|bucket|appsync|graphql|cognito|auth)(?:_|$)"
)
_WORDS = regex(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
#: Names that run together what others write apart: DBHOST, mysqlhost, dbsecret.
_RUN_TOGETHER = regex(
    r"(?<![A-Za-z])(db|rds|pg|mysql|postgres|redis|mongo|aurora|neptune|docdb)"
    r"(proxy|host(?:name)?|endpoint|url|uri|server|addr(?:ess)?|secret|creds?|user(?:name)?|pass(?:word|wd)?|pwd|name)(?![A-Za-z])",
    re.IGNORECASE,
)
#: One word that capitals cut in two.
_CUT = regex(r"(?P<first>dynamo)_(?P<rest>db)|(?P<end>end)_(?P<point>point)")
#: What only speaks of databases beside a host: the URL of a proxy may be anything.
_ENDPOINTS = regex(r"(?:^|_)(?:proxy|writer|reader)_(?:endpoint|host(?:name)?)(?:_|$)")
_APART = regex(r"[^A-Za-z0-9]+")
#: Words between two that belong together: "endpoint of the RDS cluster".
_CLOSE = 3


@lru_cache(maxsize=8192)
def names_address(variable: str) -> bool:
    """Whether a variable's name says that it holds the address of a database."""
    words = _split(variable)
    if _TOKEN.search(words):
        return False
    if speaks_http(variable) or _PLAINLY.search(words):
        return True
    if _NOT_DATABASES.search(words) or _BESIDE_ADDRESSES.search(words):
        return False
    about = _ABOUT_DATABASES.search(words)
    address = _ABOUT_HOSTS.search(words) or _ABOUT_CONNECTIONS.search(words)
    return bool(_ENDPOINTS.search(words) or _CACHES.search(words) or (about and address))


@lru_cache(maxsize=8192)
def speaks_http(variable: str) -> bool:
    """Whether a variable's name is about a database that is asked over HTTP."""
    return bool(_OVER_HTTP.search(_split(variable)))


@lru_cache(maxsize=8192)
def names_host(variable: str) -> bool:
    """Whether a variable's name says that it holds an address, of anything but the usual other services."""
    words = _split(variable)
    return bool(_ABOUT_HOSTS.search(words)) and not (_NOT_DATABASES.search(words) or _BESIDE_ADDRESSES.search(words))


def is_bare_host(variable: str) -> bool:
    """Whether a variable is called just that: host, server."""
    return bool(_BARE_HOST.match(_split(variable)))


def is_bare_login(variable: str) -> bool:
    """Whether a variable is called just user or password."""
    return bool(_BARE_LOGIN.match(_split(variable)))


@lru_cache(maxsize=8192)
def names_credentials(variable: str) -> bool:
    """Whether a variable's name speaks of the credentials of a database."""
    words = _split(variable)
    return bool(_ABOUT_DATABASES.search(words) and _ABOUT_CREDENTIALS.search(words))


@lru_cache(maxsize=8192)
def names_secret(variable: str) -> bool:
    """Whether a variable's name says that it holds a secret, or what a secret is called: of anything."""
    return bool(_A_SECRET.search(_split(variable)))


@lru_cache(maxsize=8192)
def names_login(variable: str) -> bool:
    """Whether a variable's name is about the user, password or name of a database."""
    words = _split(variable)
    return bool(_ABOUT_LOGINS.search(words) and (_ABOUT_DATABASES.search(words) or words.startswith("pg")))


@lru_cache(maxsize=8192)
def names_user(variable: str) -> bool:
    """Whether a variable's name says that it holds a user or password of a database."""
    words = _split(variable)
    return bool(_USER.search(words)) and names_login(variable)


def names_password(variable: str) -> bool:
    """Whether a variable's name ends in a word for a password, of anything."""
    return bool(_PASSWORD.search(_split(variable)))


@lru_cache(maxsize=8192)
def names_cluster(variable: str) -> bool:
    """Whether a variable's name says that it holds the ARN of a database, as its data API asks for."""
    return bool(_ABOUT_CLUSTERS.search(_split(variable)))


@lru_cache(maxsize=8192)
def speaks_of_database(text: str) -> bool:
    """Whether a name, path or sentence has a word for a database in it."""
    return bool(_ABOUT_DATABASES.search(words_of(text)))


def is_public(text: str) -> bool:
    """Whether a name is about a database service that needs no VPC."""
    return _PUBLIC.search(text) is not None


def words_of(text: str) -> str:
    """The words of a name, path or sentence in lower case, with underscores between."""
    return _split(_APART.sub("_", text))


def describes_credentials(text: str) -> bool:
    """Whether a sentence speaks of the credentials of a database."""
    return names_credentials(_APART.sub("_", text))


def describes_address(text: str) -> bool:
    """Whether a sentence speaks of the address of a database: both words close together."""
    words = [word.lower() for word in _APART.split(text) if word]
    hosts = [at for at, word in enumerate(words) if _ABOUT_HOSTS.search(word)]
    databases = [at for at, word in enumerate(words) if _ABOUT_DATABASES.search(word)]
    return any(abs(one - other) <= _CLOSE for one in hosts for other in databases)


def _split(variable: str) -> str:
    """The words of a name in lower case, with underscores between."""
    apart = _WORDS.sub("_", _RUN_TOGETHER.sub(r"\1_\2", variable)).lower()
    return _CUT.sub(r"\g<first>\g<rest>\g<end>\g<point>", apart)
