# apt-get install --no-install-recommends $(cat test/interop/packages.txt)
# GStreamer's RTSP server, as a program: python3 gstreamer-server.py JSON
# JSON: {"certificate": PEM of certificate and key, "streams": {path: {"launch": pipeline, "udpOnly": bool}}}
# It plays every stream on three ports: to everybody, to user:password by Digest, and the latter over TLS.
# It writes a line of JSON when it listens, then one for each request.
import json
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

Gst.init(None)
asked = json.loads(sys.argv[1])


def say(**words):
    print(json.dumps(words), flush=True)


def stream_factory(launch, udp_only):
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(launch)
    # One pipeline for all who play it, as cameras have one encoder.
    factory.set_shared(True)
    if udp_only:
        factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
    permissions = GstRtspServer.RTSPPermissions()
    for role in ("user", "anyone"):
        for permission in ("media.factory.access", "media.factory.construct"):
            permissions.add_permission_for_role(role, permission, True)
    factory.set_permissions(permissions)
    return factory


def token(role):
    made = GstRtspServer.RTSPToken()
    made.set_string("media.factory.role", role)
    return made


def auth_of(kind):
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    if kind == "plain":
        auth.set_default_token(token("anyone"))
    else:
        auth.add_digest("user", "password", token("user"))
    if kind == "tls":
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_pem(asked["certificate"], -1))
    return auth


def watch(kind, client):
    for method in ("describe", "setup", "play", "teardown"):
        client.connect(
            f"{method}-request",
            lambda _, context, method: say(server=kind, method=method.upper(), path=context.uri.abspath),
            method,
        )


servers = {}
for kind in ("plain", "digest", "tls"):
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    server.set_auth(auth_of(kind))
    for path, stream in asked["streams"].items():
        server.get_mount_points().add_factory(f"/{path}", stream_factory(stream["launch"], stream["udpOnly"]))
    server.connect("client-connected", lambda _, client, kind: watch(kind, client), kind)
    server.attach(None)
    servers[kind] = server

say(ports={kind: server.get_bound_port() for kind, server in servers.items()})
GLib.MainLoop().run()
