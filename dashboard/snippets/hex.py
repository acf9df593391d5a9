import hashlib
import hmac


def verify(body, headers, secret):
    """body is the request's raw bytes, from before they were parsed."""
    if not secret or secret.startswith("whpk_"):  # missing, or public
        return False
    want = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = headers.get("{{.Header}}") or ""
    return hmac.compare_digest(given.encode(), want.encode())


# With Flask:
#   @app.post("/hook")
#   def hook():
#       if not verify(request.get_data(), request.headers, os.environ["WEBHOOK_SECRET"]):
#           abort(401)
#       handle(request.get_json(force=True))
#       return "", 204
