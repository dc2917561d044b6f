"""A client of the recognition API with Python's standard library, written to the page's words.

    IDREC_SECRET=… python3 client.py API-URL APPID PICTURE [json|xml] [front|back]
"""

import base64
import hashlib
import os
import sys
import time
import urllib.parse
import urllib.request


def main(api, appid, picture, form="json", side=""):
    if picture.startswith(("http://", "https://")):
        image = picture
    else:
        with open(picture, "rb") as f:
            image = base64.b64encode(f.read()).decode()
    params = {"appid": appid, "format": form, "id_card_side": side, "time": str(int(time.time())), "url_image": image}
    params = {name: value for name, value in params.items() if value != ""}
    text = "".join(name + params[name] for name in sorted(params))
    params["sign"] = hashlib.md5((text + os.environ["IDREC_SECRET"]).encode()).hexdigest()
    body = urllib.parse.urlencode(params).encode()
    request = urllib.request.Request(api, body, {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        sys.stdout.write(answer.read().decode())


main(*sys.argv[1:])
