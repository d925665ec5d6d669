"""Pagination cursors that clients carry but cannot make: signed over tenant, index, position and expiry.

A cursor is refused when it was altered, has expired, or belongs to another tenant or another listing. It hides nothing: what it
says is the key of an item that the client has just seen.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping

from datastores.credentials import secret_text
from datastores.errors import ConfigurationError, CursorError
from datastores.settings import table_settings

LIFETIME_SECONDS = 3600
LEAST_KEY_BYTES = 32
_REFRESH_SECONDS = 60.0
_SIGNATURE_BYTES = 32
_REFUSED = "the cursor is none that this listing returned: start over without one"


class CursorSigner:
    """Signs and opens cursors with a key of at least 32 bytes; ``fetch_key`` is asked once, and again when a cursor is refused
    (at most once a minute), because another environment may already sign with a newer key.
    """

    def __init__(
        self,
        fetch_key: Callable[[], str],
        *,
        lifetime_seconds: int = LIFETIME_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._fetch_key = fetch_key
        self._lifetime_seconds = lifetime_seconds
        self._clock = clock
        self._key: bytes | None = None
        self._fetched_at = float("-inf")

    @staticmethod
    def from_environment() -> CursorSigner:
        """A signer with the key that the table's construct made."""
        return CursorSigner(_key_of_environment)

    def sign(self, tenant: str, listing: str, position: Mapping[str, str]) -> str:
        """A cursor to ``position`` of a tenant's listing."""
        content = {"p": dict(position), "e": int(self._clock()) + self._lifetime_seconds}
        body = json.dumps(content, separators=(",", ":"), sort_keys=True).encode()
        return base64.urlsafe_b64encode(self._signature(tenant, listing, body) + body).decode().rstrip("=")

    def open(self, cursor: str, tenant: str, listing: str) -> dict[str, str]:
        """The position of a cursor. Raises ``CursorError``."""
        signature, body = _taken_apart(cursor)
        if not self._is_ours(signature, tenant, listing, body):
            raise CursorError(_REFUSED)
        content = json.loads(body)
        if content["e"] <= self._clock():
            raise CursorError("the cursor has expired: start over without one")
        return dict(content["p"])

    def _is_ours(self, signature: bytes, tenant: str, listing: str, body: bytes) -> bool:
        if hmac.compare_digest(signature, self._signature(tenant, listing, body)):
            return True
        if self._clock() - self._fetched_at < _REFRESH_SECONDS:
            return False
        self._key = None
        return hmac.compare_digest(signature, self._signature(tenant, listing, body))

    def _signature(self, tenant: str, listing: str, body: bytes) -> bytes:
        """Over a list in JSON, in which no part can reach into the next."""
        message = json.dumps([tenant, listing, body.decode()]).encode()
        return hmac.new(self._signing_key(), message, hashlib.sha256).digest()

    def _signing_key(self) -> bytes:
        if self._key is None:
            key = self._fetch_key().encode()
            if len(key) < LEAST_KEY_BYTES:
                raise ConfigurationError(
                    f"the cursor key has {len(key)} bytes: allowed are {LEAST_KEY_BYTES} or more, put a longer one into its secret"
                )
            self._key, self._fetched_at = key, self._clock()
        return self._key


def _taken_apart(cursor: str) -> tuple[bytes, bytes]:
    try:
        content = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        signature, body = content[:_SIGNATURE_BYTES], content[_SIGNATURE_BYTES:]
        body.decode()
    except (ValueError, binascii.Error) as error:
        raise CursorError(_REFUSED) from error
    return signature, body


def _key_of_environment() -> str:
    arn = table_settings().cursor_secret_arn
    if arn is None:
        raise ConfigurationError(
            "POOLPROOF_CURSOR_SECRET_ARN is missing: connect the function to its table with pagination=True"
        )
    return secret_text(arn)
