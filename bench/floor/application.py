"""The floor as a WSGI application; run by `python -m idp.operations.web … bench.floor.application:application`."""

import hashlib
import json
import os
import secrets
import threading
import time
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from flask import Flask, Response, redirect, request
from sqlalchemy import Connection

from bench.floor import tables

DOCUMENT = json.dumps({"issuer": "http://localhost", "members": ["x" * 20] * 100}).encode()
LIFE = 36_000
app = Flask("floor")
_here = threading.local()
_engine = tables.engine_of(os.environ["FLOOR_DATABASE"])
_keys = json.loads(os.environ["FLOOR_KEYS"])
_es256 = serialization.load_pem_private_key(_keys["ES256"].encode(), None)
_rs256 = serialization.load_pem_private_key(_keys["RS256"].encode(), None)
_es256_public = _es256.public_key()
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def application() -> Flask:
    """Give the application."""
    return app


def database() -> Connection:
    """Give this thread's connection."""
    if not hasattr(_here, "connection"):
        _here.connection = _engine.connect()
    return _here.connection


@contextmanager
def transaction() -> Iterator[Connection]:
    """Write several rows at once."""
    connection = database()
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _engine.dialect.name == "sqlite" else "BEGIN")
    yield connection
    connection.exec_driver_sql("COMMIT")


def encoded(data: bytes) -> str:
    """Write bytes as base64url."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(algorithm: str, claims: dict) -> str:
    """Sign a token."""
    header = {"alg": algorithm, "typ": "at+jwt", "kid": "floor"}
    said = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
    if algorithm == "RS256":
        return f"{said}.{encoded(_rs256.sign(said.encode(), padding.PKCS1v15(), hashes.SHA256()))}"
    r, s = decode_dss_signature(_es256.sign(said.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{said}.{encoded(r.to_bytes(32) + s.to_bytes(32))}"


def proven(token: str) -> dict:
    """Prove a token of ours."""
    said, _, signature = token.rpartition(".")
    raw = urlsafe_b64decode(signature + "==")
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    _es256_public.verify(der, said.encode(), ec.ECDSA(hashes.SHA256()))
    return json.loads(urlsafe_b64decode(said.partition(".")[2] + "=="))


def access_token(subject: str, algorithm: str, jti: str) -> str:
    """Sign an access token."""
    now = int(time.time())
    claims = {"iss": "http://localhost", "sub": subject, "aud": "http://localhost", "client_id": subject, "iat": now, "exp": now + LIFE}
    return signed(algorithm, claims | {"jti": jti, "scope": "openid profile email"})


def id_token(subject: str) -> str:
    """Sign an ID token."""
    now = int(time.time())
    return signed("ES256", {"iss": "http://localhost", "sub": subject, "aud": "app", "iat": now, "exp": now + 300, "nonce": "a-nonce"})


def known_client() -> tuple[str, str]:
    """Prove the client by its secret; give its id and document."""
    client_id, _, secret = b64decode(request.headers["Authorization"][6:]).decode().partition(":")
    row = database().execute(tables.CLIENT, {"id": client_id}).first()
    assert secrets.compare_digest(row.secret, hashlib.sha256(secret.encode()).hexdigest())
    return client_id, row.document


def answer(body: dict) -> Response:
    """Answer with JSON."""
    return Response(json.dumps(body), mimetype="application/json", headers={"Cache-Control": "no-store"})


@app.get("/.well-known/openid-configuration")
@app.get("/jwks")
def document() -> Response:
    return Response(DOCUMENT, mimetype="application/json")


@app.post("/token")
def token() -> Response:
    client_id, algorithm = known_client()
    grant = {"client_credentials": own_right, "refresh_token": refreshed, "authorization_code": redeemed}
    return answer(grant[request.form["grant_type"]](client_id, algorithm))


def own_right(client_id: str, algorithm: str) -> dict:
    jti = secrets.token_urlsafe(16)
    database().execute(tables.ADD_TOKEN, {"jti": jti, "family": client_id, "expires": int(time.time()) + LIFE})
    return {"access_token": access_token(client_id, algorithm, jti), "token_type": "Bearer", "expires_in": LIFE}


def refreshed(_client_id: str, algorithm: str) -> dict:
    family_id, _, generation = request.form["refresh_token"].partition(".")
    jti = secrets.token_urlsafe(16)
    with transaction() as writing:
        row = writing.execute(tables.ROTATE, {"key": family_id, "presented": int(generation)}).first()
        writing.execute(tables.ADD_TOKEN, {"jti": jti, "family": family_id, "expires": int(time.time()) + LIFE})
    return tokens(row.account, algorithm, jti, f"{family_id}.{int(generation) + 1}")


def redeemed(client_id: str, algorithm: str) -> dict:
    jti, family_id = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
    with transaction() as writing:
        row = writing.execute(tables.USE_CODE, {"key": hashlib.sha256(request.form["code"].encode()).hexdigest()}).first()
        assert row.challenge == encoded(hashlib.sha256(request.form["code_verifier"].encode()).digest())
        rows = {"id": family_id, "client": client_id, "account": row.account, "scope": "openid profile email", "generation": 0}
        writing.execute(tables.ADD_FAMILY, rows)
        writing.execute(tables.ADD_TOKEN, {"jti": jti, "family": family_id, "expires": int(time.time()) + LIFE})
    return tokens(row.account, algorithm, jti, f"{family_id}.0")


def tokens(subject: str, algorithm: str, jti: str, refresh_token: str) -> dict:
    signed_tokens = {"access_token": access_token(subject, algorithm, jti), "id_token": id_token(subject)}
    return signed_tokens | {"token_type": "Bearer", "expires_in": LIFE, "refresh_token": refresh_token}


@app.post("/introspect")
def introspect() -> Response:
    known_client()
    claims = proven(request.form["token"])
    row = database().execute(tables.LIVING_TOKEN, {"jti": claims["jti"], "now": int(time.time())}).first()
    return answer(claims | {"active": row is not None})


@app.get("/userinfo")
def userinfo() -> Response:
    claims = proven(request.headers["Authorization"][7:])
    row = database().execute(tables.LIVING_TOKEN, {"jti": claims["jti"], "now": int(time.time())}).first()
    return answer({"sub": row.id, "name": row.name, "email": row.email})


@app.get("/authorize")
def authorize() -> Response:
    token = request.cookies.get("session")
    if token is None:
        signin_id = secrets.token_urlsafe(16)
        database().execute(tables.ADD_SIGNIN, {"id": signin_id, "browser": "b", "request": request.query_string.decode(), "account": None})
        return redirect(f"/signin/{signin_id}", 303)
    asked = {"token": hashlib.sha256(token.encode()).hexdigest(), "client": request.args["client_id"]}
    row = database().execute(tables.SESSION, asked).first()
    code = secrets.token_urlsafe(32)
    kept = {"hash": hashlib.sha256(code.encode()).hexdigest(), "client": asked["client"], "account": row.account}
    database().execute(tables.ADD_CODE, kept | {"challenge": request.args["code_challenge"], "used": False})
    return redirect(f"{request.args['redirect_uri']}?code={code}&state={request.args['state']}", 303)


@app.get("/signin/<signin_id>")
def page(signin_id: str) -> Response:
    row = database().execute(tables.SIGNIN, {"id": signin_id}).first()
    return Response(row.pin or "password")


@app.post("/signin/<signin_id>/password")
def password(signin_id: str) -> Response:
    row = database().execute(tables.PASSWORD, {"name": request.form["username"]}).first()
    _hasher.verify(row.password, request.form["password"])
    with transaction() as writing:
        writing.execute(tables.NOTE_PASSWORD, {"key": signin_id, "owner": row.id})
        writing.execute(tables.ADD_PIN, {"signin": signin_id, "pin": "1234567", "tries": 0, "job": "an SMS"})
    return redirect(f"/signin/{signin_id}", 303)


@app.post("/signin/<signin_id>/pin")
def confirm(signin_id: str) -> Response:
    token = secrets.token_urlsafe(32)
    with transaction() as writing:
        assert writing.execute(tables.SPEND_TRY, {"key": signin_id}).first().pin == request.form["pin"]
        owner = writing.execute(tables.SIGNIN, {"id": signin_id}).first().account
        writing.execute(tables.ADD_SESSION, {"token": hashlib.sha256(token.encode()).hexdigest(), "account": owner})
    response = redirect("/authorize", 303)
    response.set_cookie("session", token)
    return response
