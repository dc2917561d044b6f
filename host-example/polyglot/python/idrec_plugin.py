"""Serve a provider of idrec, in Python, to any host that speaks hashicorp/go-plugin.

A provider is an object with

    describe() -> Description
    recognize(request, call) -> Result

and, where it has the faces, configure(values, secrets) and check(paid). The messages are those of
idrec.recognizer.v1; shared/proto has them, and the Go package shared says what they mean. What goes wrong is
raised as Error. serve(provider) does the rest:

- it refuses to run by hand, prints the handshake, and nothing else on standard output;
- it encrypts with the host (mutual TLS), with a key made for this one connection;
- it takes messages of up to 33 MiB, where gRPC's own limit is 4;
- an Error arrives in the host as it was raised; any other exception becomes one without its text, which may
  hold something personal, and with an outcome that assumes the worst;
- a call knows how much time it has left, and learns that its caller has given up;
- at the host's end, however it comes, calls that are paid get a few seconds to be answered, then it ends;
- Ctrl-C and a hang-up of the terminal are the host's; SIGTERM ends it;
- no core dump is written, since pictures and secrets are in its memory.

It needs python3-grpcio (1.51 or newer), and openssl on the search path for the key.
"""

import base64
import concurrent.futures
import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, duration_pb2, message_factory, timestamp_pb2  # noqa: F401

COOKIE = ("IDREC_PLUGIN_COOKIE", "7f0d1f5a0c5e4c7b9d0a6a51d9f5b8e2c3a4968d7be14f60")
PROTOCOL_VERSION = 1
MAX_MESSAGE = 33 << 20
ORPHAN_GRACE = 5.0  # seconds for what is paid, once the host has gone
FAREWELL = 1.0  # seconds for what still holds the connection when all is settled
WORKERS = 32

_PACKAGE = "idrec.recognizer.v1"


def _messages():
    """The messages of the contract, from the compiled form of shared/proto."""
    pool = descriptor_pool.Default()
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "recognizer.binpb"), "rb") as f:
        file = descriptor_pb2.FileDescriptorProto.FromString(f.read())
    pool.AddSerializedFile(file.SerializeToString())
    if hasattr(message_factory, "GetMessageClass"):
        get = message_factory.GetMessageClass
    else:  # before protobuf 4.22
        get = message_factory.MessageFactory(pool).GetPrototype
    return {m.name: get(pool.FindMessageTypeByName(_PACKAGE + "." + m.name)) for m in file.message_type}


_M = _messages()
Description, ConfigField, Limits = _M["Description"], _M["ConfigField"], _M["Limits"]
Request, Result, CardField = _M["Request"], _M["Result"], _M["CardField"]
CheckResponse, CheckItem = _M["CheckResponse"], _M["CheckItem"]


class Error(Exception):
    """What goes wrong, as the contract says it: a code of shared/code.go, one line for people without anything
    personal, and whether the call was billed: not_sent, rejected, billed, ambiguous or free."""

    def __init__(self, code, message="", outcome="not_sent", basis="proved", **more):
        super().__init__(code)
        self.details = _M["Error"](code=code, message=message, outcome=outcome, basis=basis, **more)


class Call:
    """A call of recognize, as the provider sees it."""

    def __init__(self, call_id, seconds):
        self.call_id = call_id
        self.sent = False  # set it before anything is sent that may be billed
        self._end = None if seconds is None else time.monotonic() + seconds
        self._canceled = threading.Event()

    def remaining(self):
        """Seconds left, or None. It is 0 for a call that nobody waits for any more."""
        if self._canceled.is_set():
            return 0.0
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    def cancel(self):
        self._canceled.set()

    def check(self):
        """Ends a call that has no time left, while that is free."""
        if self._canceled.is_set():
            raise Error("canceled")
        if self.remaining() == 0.0:
            raise Error("deadline_exceeded")


def log(level, message, **fields):
    """Writes a line to the host's log. Nothing personal and no secret belongs in it."""
    order = ["trace", "debug", "info", "warn", "error", "off"]
    wanted = os.environ.get("IDREC_LOG_LEVEL", "info")
    if order.index(level) < order.index(wanted if wanted in order else "info"):
        return
    line = dict(fields)
    line.update({"@level": level, "@message": message, "@timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())})
    try:
        os.write(2, (json.dumps(line) + "\n").encode())
    except OSError:
        pass  # its host is gone


class _Server:
    def __init__(self, provider):
        self.provider = provider
        self.lock = threading.Lock()
        self.running = {}
        self.unanswered = 0  # calls whose answer has not gone out yet: a little longer than they run
        self.forgone = []  # ids of calls that were canceled before they began
        self.refusing = False
        self.idle = threading.Condition(self.lock)
        self.stopped = threading.Event()

    # The service.

    def describe(self, _request, _context):
        return _M["DescribeResponse"](description=self.provider.describe())

    def recognize(self, message, context):
        request = message.request
        seconds = None
        if message.HasField("timeout"):
            seconds = message.timeout.seconds + message.timeout.nanos / 1e9
        call = Call(request.call_id or base64.b32encode(os.urandom(20)).decode(), seconds)
        try:
            self._begin(call, context)
        except Error as e:
            self._fail(context, e, call)
        try:
            if request.WhichOneof("image") is None:
                raise Error("invalid_request", "give the picture in exactly one way: bytes, path or URL")
            context.add_callback(call.cancel)  # also at the regular end, when it changes nothing
            result = self.provider.recognize(request, call)
            if not result.call_id:
                result.call_id = call.call_id
            return _M["RecognizeResponse"](result=result)
        except Error as e:
            self._fail(context, e, call)
        except Exception as e:  # noqa: BLE001
            log("error", "the provider failed", exception=type(e).__name__)
            outcome = "ambiguous" if call.sent else "not_sent"
            self._fail(context, Error("panic", outcome=outcome), call)
        finally:
            with self.lock:
                self.running.pop(call.call_id, None)

    def _begin(self, call, context):
        with self.lock:
            if context.add_callback(self._answered):
                self.unanswered += 1
            if self.refusing:
                raise Error("plugin_unavailable", "the plugin is about to end, and nothing was sent: try again")
            if call.call_id in self.forgone:
                self.forgone.remove(call.call_id)
                raise Error("canceled")
            if call.call_id in self.running:
                raise Error("invalid_request", "a call with this call_id is running: use each call_id once")
            self.running[call.call_id] = call

    def _answered(self):
        with self.lock:
            self.unanswered -= 1
            self.idle.notify_all()

    def cancel(self, message, _context):
        with self.lock:
            call = self.running.get(message.call_id)
            if call is None:
                if message.call_id not in self.forgone:
                    self.forgone = self.forgone[-1023:] + [message.call_id]
                return _M["CancelResponse"](state="not_running")
        call.cancel()
        return _M["CancelResponse"](state="in_flight")

    def configure(self, message, context):
        return self._face(context, "configure", _M["ConfigureResponse"], dict(message.values), dict(message.secrets))

    def check(self, message, context):
        return self._face(context, "check", None, message.paid)

    def _face(self, context, name, response, *args):
        method = getattr(self.provider, name, None)
        if method is None:
            self._fail(context, Error("not_supported"))
        try:
            result = method(*args)
            return response() if response else result
        except Error as e:
            self._fail(context, e)
        except Exception as e:  # noqa: BLE001
            log("error", "the provider failed", exception=type(e).__name__)
            self._fail(context, Error("panic"))

    @staticmethod
    def _fail(context, error, call=None):
        """Ends the call with the error in the details of its status."""
        details = error.details
        if call is not None and not details.call_id:
            details.call_id = call.call_id
        codes = {"not_supported": grpc.StatusCode.UNIMPLEMENTED, "canceled": grpc.StatusCode.CANCELLED,
                 "deadline_exceeded": grpc.StatusCode.DEADLINE_EXCEEDED, "invalid_request": grpc.StatusCode.INVALID_ARGUMENT}
        # Never UNAVAILABLE: what stands in between may send such a call again.
        code = codes.get(details.code, grpc.StatusCode.UNKNOWN)
        text = details.message or details.code
        # google.rpc.Status: the code, the text, and one Any.
        value = _field(1, b"type.googleapis.com/" + _PACKAGE.encode() + b".Error") + _field(2, details.SerializeToString())
        status = b"\x08" + _varint(code.value[0]) + _field(2, text.encode()) + _field(3, value)
        context.set_trailing_metadata((("grpc-status-details-bin", status),))
        context.abort(code, text)

    # The end.

    def stop(self, orphaned):
        """Lets no new call in, and returns when those in flight are through or have had their time."""
        with self.lock:
            self.refusing = True
            if orphaned:
                for call in self.running.values():
                    call.cancel()  # what is sent goes on all the same
            self._settle()
        self.stopped.set()

    def shutdown(self, _request, context):
        with self.lock:
            self.refusing = True
            self._settle()
        # Once its own answer has gone out as well.
        if not context.add_callback(self.stopped.set):
            self.stopped.set()
        return b""

    def _settle(self):
        """Returns when every call is answered or has had its time. It is to be called with the lock."""
        self.idle.wait_for(lambda: not self.unanswered, ORPHAN_GRACE)


def _varint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def _field(number, value):
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _certificate():
    """A key pair on P-256 for this one connection. It is never written to a file."""
    try:
        out = subprocess.run(
            ["openssl", "req", "-x509", "-batch", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "10950",
             "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "-", "-out", "-"],
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    except (OSError, subprocess.CalledProcessError):
        sys.exit("this plugin needs openssl, version 1.1.1 or newer, on the search path to encrypt its connection")
    cut = out.index(b"-----BEGIN CERTIFICATE-----")
    return out[:cut], out[cut:]


def _handlers(server):
    def unary(f, request, response=None):
        return grpc.unary_unary_rpc_method_handler(
            f, request_deserializer=request and request.FromString,
            response_serializer=(lambda m: m.SerializeToString()) if response is None else response)

    def raw(b):
        return b

    methods = {
        "Describe": unary(server.describe, _M["DescribeRequest"]),
        "Recognize": unary(server.recognize, _M["RecognizeRequest"]),
        "Cancel": unary(server.cancel, _M["CancelRequest"]),
        "Configure": unary(server.configure, _M["ConfigureRequest"]),
        "Check": unary(server.check, _M["CheckRequest"]),
    }
    return (
        grpc.method_handlers_generic_handler(_PACKAGE + ".RecognizerService", methods),
        # What go-plugin asks of every plugin: whether it is there (SERVING), and to end.
        grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": unary(lambda *_: b"\x08\x01", None, raw)}),
        grpc.method_handlers_generic_handler("plugin.GRPCController", {"Shutdown": unary(server.shutdown, None, raw)}),
    )


def _watch_host(server):
    """Ends the plugin when its host has gone: at the end of the lifeline, or else of its parent."""
    number = os.environ.pop("IDREC_LIFELINE_FD", "")
    parent = os.getppid()

    def watch():
        if number:
            os.set_inheritable(int(number), False)
            os.read(int(number), 1)  # nobody writes to it
        else:
            while os.getppid() == parent:
                time.sleep(0.5)
        server.stop(orphaned=True)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def serve(provider):
    """Serves the provider until its host ends it."""
    if os.environ.get(COOKIE[0]) != COOKIE[1]:
        about = provider.describe()
        sys.exit(f"This is {about.name} {about.version} ({about.title}).\n"
                 "It is a plugin: it reads identity cards for a host program and does nothing by itself.")
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE
    host_out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whatever the provider prints goes nowhere

    server = _Server(provider)
    s = grpc.server(concurrent.futures.ThreadPoolExecutor(WORKERS), handlers=_handlers(server), options=(
        ("grpc.max_receive_message_length", MAX_MESSAGE), ("grpc.max_send_message_length", MAX_MESSAGE)))
    folder = tempfile.mkdtemp(prefix="plugin", dir=os.environ.get("PLUGIN_UNIX_SOCKET_DIR") or None)
    path = os.path.join(folder, "s")
    certificate = ""
    client = os.environ.pop("PLUGIN_CLIENT_CERT", "")
    if client:
        key, pem = _certificate()
        s.add_secure_port("unix:" + path, grpc.ssl_server_credentials([(key, pem)], client.encode(), require_client_auth=True))
        certificate = "".join(pem.decode().strip().split("\n")[1:-1]).rstrip("=")
    else:
        s.add_insecure_port("unix:" + path)
    s.start()

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.stop, args=(True,), daemon=True).start())
    _watch_host(server)
    os.write(host_out, f"1|{PROTOCOL_VERSION}|unix|{path}|grpc|{certificate}\n".encode())
    os.close(host_out)
    while not server.stopped.wait(1):
        pass
    s.stop(FAREWELL).wait()
    for f in (path,):
        if os.path.exists(f):
            os.remove(f)
    if os.path.isdir(folder):
        os.rmdir(folder)
    os._exit(0)  # not the threads of calls that do not end
