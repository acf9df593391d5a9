"""Verifies webhooks that Billhook sent. Python 3.8 or later; copy what you need.

body is always the request's raw bytes, from before anything parsed them, and
secrets are all that are in use: two while one is replaced.
"""
import base64
import hmac
import re
import time


def verify_standard(body, headers, secrets, tolerance=300, now=None):
    """Says whether one of the secrets signed id, time and body, in the headers of
    Standard Webhooks, at most tolerance seconds from now. headers finds a value by
    its name in any case: request.headers of Flask and of Django do."""
    id = headers.get("webhook-id") or ""
    sent = headers.get("webhook-timestamp") or ""
    now = time.time() if now is None else now
    if not id or not re.fullmatch("[0-9]{1,12}", sent) or abs(now - int(sent)) > tolerance:
        return False
    signatures = (headers.get("webhook-signature") or "").encode().split(b" ")
    signed = f"{id}.{sent}.".encode() + body
    matched = False
    for secret in usable(secrets):
        want = b"v1," + base64.b64encode(hmac.digest(standard_key(secret), signed, "sha256"))
        for given in signatures:
            matched |= hmac.compare_digest(given, want)
    return matched


def verify_header(body, signature, secrets):
    """Says whether one of the secrets made the signature, which is the value of the
    platform's own header. It signs no time: an old request verifies too."""
    given = (signature or "").encode()
    matched = False
    for secret in usable(secrets):
        want = hmac.new(secret.encode(), body, "sha256").hexdigest().encode()
        matched |= hmac.compare_digest(given, want)
    return matched


def usable(secrets):
    """Leaves out what anybody could sign with: nothing at all, and public keys."""
    secrets = [secrets] if isinstance(secrets, str) else secrets
    return [s for s in secrets if s and s != "whsec_" and not s.startswith("whpk_")]


def standard_key(secret):
    """Is what base64 after whsec_ says, or the secret as it stands where it is none."""
    text = secret[6:] if secret.startswith("whsec_") else secret
    if re.fullmatch("([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", text):
        return base64.b64decode(text)
    return secret.encode()
