# SPDX-License-Identifier: EUPL-1.2
"""An OpenID provider on loopback: discovery, authorisation code with PKCE, tokens signed by RS256, and its keys.

(OpenID Connect Core 1.0, section 3.1; RFC 7636.) It logs in whomever the test names, without asking.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.servers.token_endpoint import QuietHandler, listening

JSON = "application/json"
KEY_ID = "key of the provider"
LASTS = 300  # seconds


@dataclass
class OpenIdProvider:
    """`login` is the login of whoever logs in next; `asked` has the query of each authorisation that was asked for."""

    client: str
    secret: str
    login: str = ""
    url: str = ""
    asked: list[Mapping[str, str]] = field(default_factory=list)
    _given: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65_537, 2048))

    def discovery(self) -> Mapping[str, object]:
        """Returns the document at /.well-known/openid-configuration (OpenID Connect Discovery 1.0, section 3)."""
        return {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys", "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
        }  # fmt: skip

    def keys(self) -> Mapping[str, object]:
        """Returns the public key (RFC 7517)."""
        known = RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**known, "kid": KEY_ID, "alg": "RS256", "use": "sig"}]}

    def authorise(self, query: Mapping[str, str]) -> str:
        """Returns where the browser is sent with a code for the person who logs in."""
        self.asked.append(query)
        assert (query["client_id"], query["response_type"]) == (self.client, "code")
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._given[code] = {**query, "login": self.login}
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def tokens(self, form: Mapping[str, str], authorisation: str) -> tuple[int, Mapping[str, object]]:
        """Returns the tokens for a code, once, to the client that proves who it is and that it asked."""
        both = (quote(text, safe="") for text in (self.client, self.secret))  # RFC 6749, section 2.3.1
        basic = base64.b64encode(":".join(both).encode()).decode()
        asked = self._given.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
        if asked is None or not hmac.compare_digest(authorisation, f"Basic {basic}"):
            return 400, {"error": "invalid_grant"}
        if (asked["code_challenge"], asked["redirect_uri"]) != (challenge, form.get("redirect_uri")):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": self.client, "sub": f"sub of {asked['login']}", "iat": now, "exp": now + LASTS,
            "nonce": asked["nonce"], "preferred_username": asked["login"],
        }  # fmt: skip
        proven = jwt.encode(claims, self._key, "RS256", headers={"kid": KEY_ID})
        return 200, {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "id_token": proven}

    @contextmanager
    def running(self) -> Iterator["OpenIdProvider"]:
        """Listens on a port of 127.0.0.1 until the end."""
        provider = self

        class Handler(QuietHandler, BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = urlsplit(self.path)
                documents = {"/.well-known/openid-configuration": provider.discovery, "/keys": provider.keys}
                if found.path == "/authorize":
                    self.say((302, b""), Location=provider.authorise(dict(parse_qsl(found.query))))
                elif found.path in documents:
                    self.say((200, documents[found.path]()), Content_Type=JSON)
                else:
                    self.send_error(404)

            def do_POST(self) -> None:
                told = provider.tokens(self.form(), self.headers.get("Authorization", ""))
                self.say(told, Content_Type=JSON)

        with listening(Handler) as port:
            self.url = f"http://127.0.0.1:{port}"
            yield self
