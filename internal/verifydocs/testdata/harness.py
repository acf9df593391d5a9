"""Answers each request of stdin, as request_test.go writes them, with what verify says."""
import base64
import sys
from http.client import HTTPMessage

from verify import verify_header, verify_standard

for line in sys.stdin:
    now, body, own, *rest = line.rstrip("\n").split("\t")
    rest = [base64.b64decode(one).decode() for one in rest]
    headers, secrets = HTTPMessage(), []
    for one in rest:
        name, _, value = one.partition("\n")
        if name:
            headers[name] = value
        else:
            secrets.append(value)
    if len(secrets) == 1:
        secrets = secrets[0]  # not in a list: its letters are no secrets
    body, own = base64.b64decode(body), base64.b64decode(own).decode()
    print(int(verify_standard(body, headers, secrets, now=int(now))), int(verify_header(body, own, secrets)), sep="")
