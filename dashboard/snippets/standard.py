import base64
import binascii
import hashlib
import hmac
import time


def verify(body, headers, secret, now=None):
    """body is the request's raw bytes, from before they were parsed."""
    id = headers.get("webhook-id") or ""
    sent = headers.get("webhook-timestamp") or ""
    if not (sent.isascii() and sent.isdigit()) or abs((now or time.time()) - int(sent)) > 300:
        return False
    text = secret.removeprefix("whsec_")
    if not text or text.startswith("whpk_"):  # missing, or public
        return False
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = secret.encode()
    signed = f"{id}.{sent}.".encode() + body
    want = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    # While a secret is changed there is a signature of the old and one of the new.
    given = (headers.get("webhook-signature") or "").split()
    return any(hmac.compare_digest(one.encode(), want.encode()) for one in given)


# With Flask:
#   @app.post("/hook")
#   def hook():
#       if not verify(request.get_data(), request.headers, os.environ["WEBHOOK_SECRET"]):
#           abort(401)
#       handle(request.get_json(force=True))
#       return "", 204
