"""Answers each case of stdin with what the snippet says."""
import base64
import inspect
import json
import sys

from snippet import verify

timed = "now" in inspect.signature(verify).parameters
answers = []
for c in json.load(sys.stdin):
    rest = [c["now"]] if timed else []
    answers.append(verify(base64.b64decode(c["body"]), c["proper"], c["secret"], *rest))
print(json.dumps(answers))
