"""Services that are applied to the stand-in, which together use every field."""

from __future__ import annotations

from tests.terraform.inputs import ACCOUNT, Variables, but, internal_service, public_service, scaled_worker, worker

SETTINGS: Variables = {
    "entry_point": ["/bin/app"],
    "working_directory": "/srv",
    "user": "1000:1000",
    "open_files": {"soft": 1024, "hard": 4096},
    "labels": {"team": "payments"},
    "without_init": True,
    "capabilities": {"add": ["SYS_PTRACE"], "drop": ["ALL"]},
    "writable_root": True,
    "writable_paths": ["/var/cache/app"],
    "cpu": 64,
    "memory_reservation": 64,
}
CHECK = {"command": ["CMD", "/bin/check"], "interval": 10, "timeout": 5, "retries": 2, "start_period": 0}
PROXY = {"name": "proxy", "image": "registry.example/proxy:1", "memory": 128, "credentials": "ledger/registry"}
EXTRA = f"arn:aws:iam::{ACCOUNT}:policy/develop-extra"
PERMISSIONS = {
    "grants": [
        {"service": "s3", "access": "readwrite", "resources": ["ledger-books"]},
        {"service": "kafka", "access": "read", "resources": ["events/ledger.booked"]},
        {"service": "kms", "access": "read", "resources": ["ledger-books"]},
        {"service": "telemetry", "access": "write"},
    ],
    "policies": {"extra": EXTRA},
}
# With every setting of a container and of its task, the image of another registry, and no runtime.
LEDGER = but(
    internal_service("develop"),
    service={"runtime": None},
    image={"uri": f"ghcr.io/acme/ledger@sha256:{'0' * 64}", "credentials": "ledger/registry"},
    health_check={"path": None, "command": ["CMD-SHELL", "curl -f http://localhost:8000 || exit 1"]},
    container={**SETTINGS, "command": ["serve"], "memory": 256, "starts_after": {"proxy": "HEALTHY"}},
    task={"architecture": "ARM64", "ephemeral_storage": 50, "exec": True},
    sidecars=[PROXY | {"settings": {**SETTINGS, "ports": [9000], "health_check": CHECK}}],
) | {"permissions": PERMISSIONS}
# Every field of routing and network, so that AWS's own form of each is read back.
ROUTING: Variables = {
    "hosts": ["shop.example.com"],
    "headers": {"X-Team": ["shop*"]},
    "methods": ["GET"],
    "rules": {
        "rule-0": {"paths": ["/v2/*"], "priority": 7, "query": {"version": ["2", "3"]}, "sources": ["192.0.2.0/24"]},
        "redirect-0": {"paths": ["/old/*"], "priority": 8, "redirect": {"path": "/orders/#{path}", "port": "8443"}},
    },
    "stickiness": {"duration": 3600, "cookie": "session"},
    "slow_start": 60,
    "algorithm": "round_robin",
    "protocol_version": "HTTP2",
}
NETWORK: Variables = {
    "egress": [
        {"cidr": "10.50.0.0/16", "protocol": "udp", "from": 53, "to": 53},
        {"cidr": "10.51.0.0/16", "from": 8000, "to": 8100},
    ],
    "connect": {"alias": "shop", "port": 80, "protocol": "http2", "idle_timeout": 300, "request_timeout": 15},
}
ORDERS_SERVICE = but(public_service("develop"), routing=ROUTING, health_check={"port": 9000}) | {"network": {**NETWORK}}
CASES = {
    "orders": ORDERS_SERVICE,
    "ledger": LEDGER,
    "mailer": worker("develop"),
    "night": scaled_worker("develop"),
}
