"""Two network namespaces and a line between them that loses and delays packets, without any module of the kernel.

Prints one line of JSON when the line is there: the path of each end's namespace, for `nsenter --net=PATH`. Each line on
stdin is a JSON object that says how bad the line is from then on; `{}` makes it good. Namespaces and line are gone when
stdin ends or this process does. Linux, as root, with /dev/net/tun.

Usage: bad_line.py SEED
"""

import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import socket
import struct
import sys
import time

# Of the first end and of the second, in two networks.
ADDRESSES = (("10.213.0.1", "10.213.0.2"), ("10.213.1.1", "10.213.1.2"))
CLONE_NEWNET = 0x40000000
# <linux/if_tun.h>
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x1, 0x1000
# <linux/sockios.h>, <linux/if.h>
SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8913, 0x8914
SIOCSIFADDR, SIOCSIFDSTADDR = 0x8916, 0x8918
IFF_UP = 0x1
# Packets on their way in one direction: netem's default.
MAX_QUEUED = 1000


def up(name, own=None, other=None):
    """Brings a device of the current namespace up, with addresses where it has two ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        device = name.encode()
        for request, address in ((SIOCSIFADDR, own), (SIOCSIFDSTADDR, other)):
            if address is not None:
                sockaddr = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))
                fcntl.ioctl(control, request, struct.pack("16s16s", device, sockaddr))
        ifreq = fcntl.ioctl(control, SIOCGIFFLAGS, struct.pack("16sh14x", device, 0))
        flags = struct.unpack("16sh14x", ifreq)[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", device, flags | IFF_UP))


def make_end(own):
    """A new namespace with one end of the line: descriptors of the namespace and of the end's packets.

    own: 0 for the first end, 1 for the second
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "No network namespace can be made (root is needed)")
    namespace = os.open("/proc/self/ns/net", os.O_RDONLY)
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH22x", b"line0", IFF_TUN | IFF_NO_PI))
    up("lo")
    for number, pair in enumerate(ADDRESSES):
        up(f"line0:{number}" if number else "line0", pair[own], pair[1 - own])
    return namespace, tun


class Direction:
    """Carries packets from one end to the other."""

    def __init__(self, source, target, rng):
        self.source, self.target, self.rng = source, target, rng
        self.loss = self.delay = self.jitter = 0.0
        self.queue = []
        self.count = 0

    def take(self, now):
        """Takes what the source has sent: loses it, or queues it for its time. Later packets may overtake."""
        for _ in range(64):
            try:
                packet = os.read(self.source, 65536)
            except BlockingIOError:
                return
            if self.rng.random() < self.loss or len(self.queue) >= MAX_QUEUED:
                continue
            due = now + max(0.0, self.delay + self.jitter * self.rng.uniform(-1, 1))
            self.count += 1
            heapq.heappush(self.queue, (due, self.count, packet))

    def give(self, now):
        """Gives the target what is due."""
        while self.queue and self.queue[0][0] <= now:
            try:
                os.write(self.target, heapq.heappop(self.queue)[2])
            except OSError:
                pass  # its end cannot take it: a packet more is lost

    def wait(self, now):
        """Seconds until the next packet is due."""
        return max(0.0, self.queue[0][0] - now) if self.queue else 60.0


def main():
    rng = random.Random(int(sys.argv[1]))
    ends = [make_end(0), make_end(1)]
    (_, first), (_, second) = ends
    forth, back = Direction(first, second, rng), Direction(second, first, rng)
    namespaces = [f"/proc/{os.getpid()}/fd/{namespace}" for namespace, _ in ends]
    print(json.dumps(namespaces), flush=True)
    commands = b""
    while True:
        now = time.monotonic()
        timeout = min(forth.wait(now), back.wait(now))
        readable, _, _ = select.select([first, second, 0], [], [], timeout)
        if 0 in readable:
            more = os.read(0, 4096)
            if not more:
                return
            *lines, commands = (commands + more).split(b"\n")
            for line in lines:
                fault = json.loads(line)
                for direction, lost in ((forth, "lossForth"), (back, "lossBack")):
                    direction.loss = fault.get(lost, 0.0)
                    direction.delay = fault.get("delay", 0.0)
                    direction.jitter = fault.get("jitter", 0.0)
                print(json.dumps(fault), flush=True)
        now = time.monotonic()
        for direction in (forth, back):
            if direction.source in readable:
                direction.take(now)
            direction.give(now)


try:
    main()
except (OSError, AttributeError) as error:
    sys.exit(f"No line between two network namespaces: {error}")
