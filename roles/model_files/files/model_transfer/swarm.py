# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright: (c) 2026, the hybrid_ai.cluster contributors
"""A session of libtorrent that knows nobody but whom it is told of, and listens nowhere but where it is told."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any, Protocol

import libtorrent as lt

from . import torrents

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .job import Folder, Job

LOG = logging.getLogger("model-files")
FROZEN_SECONDS = 20
"""A peer that has not even said that it lives for so long is disconnected; half of it is how often we say so."""

_NOBODY_ELSE = {
    # Peers are those of the inventory: nobody is looked for, nothing is announced, no router is asked for a port.
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "webtorrent_stun_server": "",
    "dht_bootstrap_nodes": "",
    # TCP alone: uTP gives way to everything, and its port is another one for the firewall.
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "mixed_mode_algorithm": 0,
    # Its obfuscation keeps no secret.
    "in_enc_policy": 2,
    "out_enc_policy": 2,
    # Not at the next port where ours is taken.
    "max_retry_port_bind": 0,
    "listen_system_port_fallback": False,
}
_EVERYBODY_AT_ONCE = {
    "allow_multiple_connections_per_ip": True,
    "unchoke_slots_limit": -1,
    "active_downloads": -1,
    "active_seeds": -1,
    "active_limit": -1,
    "active_checking": 2,
    "connections_limit": 1000,
    "rate_limit_ip_overhead": False,
}
_QUICK = {
    # Two hosts that are both complete stay together, and meet again at once: one of them may have to mend a piece.
    "close_redundant_connections": False,
    "min_reconnect_time": 1,
    "max_failcount": 2**30,
    "peer_connect_timeout": 3,
    "peer_timeout": FROZEN_SECONDS,
    "smooth_connects": False,
    "torrent_connect_boost": 0,
    # A host says what it has a little before it has it, so that the next in the chain asks without a pause.
    "request_queue_time": 3,
    "max_out_request_queue": 2000,
    "tick_interval": 100,
    # A Mac or server that serves meanwhile keeps its memory for that.
    "max_queued_disk_bytes": 64 << 20,
}


def settings(job: Job) -> dict[str, Any]:
    """Return the settings of the session of a host."""
    where = ",".join(f"{address}:{job.port}" for address in job.listen)
    return {
        **_NOBODY_ELSE,
        **_EVERYBODY_AT_ONCE,
        **_QUICK,
        "listen_interfaces": where,
        "hashing_threads": max(1, min(4, os.cpu_count() or 1)),
        "upload_rate_limit": job.bytes_per_second,
        "download_rate_limit": job.bytes_per_second,
        "alert_mask": lt.alert.category_t.error_notification
        | lt.alert.category_t.status_notification
        | lt.alert.category_t.storage_notification,
    }


class Listener(Protocol):
    """Whoever waits for what happens to a folder."""

    handle: lt.torrent_handle | None

    def hear(self, alert: lt.torrent_alert) -> None:
        """Take what happened to the folder."""

    def hear_of_port(self, sentence: str) -> None:
        """Take why nobody can ask at the address in the LAN."""


class Swarm:
    """The session, and the folders in it."""

    def __init__(self, job: Job) -> None:
        parameters = lt.session_params(settings(job))
        self._session = lt.session(parameters)
        self._lan = job.listen[0]
        self._session.set_ip_filter(_only(job.allowed))
        self._session.set_peer_class_filter(self._limited_everywhere())

    def _limited_everywhere(self) -> lt.ip_filter:
        """Have the limits hold for peers of the local network, whom libtorrent leaves out of them."""
        return _everywhere(1 << self._session.global_peer_class_id)

    def offer(self, folder: Folder, torrent: bytes, place: Path) -> lt.torrent_handle:
        """Hand out a complete folder; what is asked for is compared with its checksum the first time."""
        return self._add(folder, torrent, place, seed=True)

    def fetch(self, folder: Folder, torrent: bytes, place: Path) -> lt.torrent_handle:
        """Fill a folder: what lies there already is compared first, and kept where it is right."""
        return self._add(folder, torrent, place, seed=False)

    def _add(self, folder: Folder, torrent: bytes, place: Path, *, seed: bool) -> lt.torrent_handle:
        parameters = torrents.load(folder, torrent, place)
        flags = lt.torrent_flags
        unwanted = flags.paused | flags.auto_managed
        parameters.flags &= ~unwanted
        parameters.flags |= flags.disable_dht | flags.disable_lsd | flags.disable_pex | flags.sequential_download
        if seed:
            parameters.flags |= flags.seed_mode
        # Room for all of it is taken at once: a disk that fills up meanwhile does not leave half a model.
        parameters.storage_mode = lt.storage_mode_t.storage_mode_allocate
        return self._session.add_torrent(parameters)

    def listen(self, transfers: Sequence[Listener], seconds: float) -> None:
        """Wait a while for something to happen, and tell those whom it concerns."""
        self._session.wait_for_alert(int(seconds * 1000))
        for alert in self._session.pop_alerts():
            if isinstance(alert, lt.torrent_alert):
                for transfer in transfers:
                    if transfer.handle is not None and transfer.handle == alert.handle:
                        transfer.hear(alert)
            elif isinstance(alert, lt.listen_failed_alert):
                sentence = f"Nobody can ask {alert.address}:{alert.port}: {alert.error.message()}."
                LOG.warning("%s", sentence)
                # Over a cable it may be none: that one is unplugged. The first address is the one on the LAN.
                for transfer in transfers if alert.address == self._lan else ():
                    transfer.hear_of_port(sentence)
            elif isinstance(alert, lt.listen_succeeded_alert) and alert.socket_type == lt.socket_type_t.tcp:
                LOG.info("Others may ask at %s:%s.", alert.address, alert.port)

    def remove(self, handle: lt.torrent_handle) -> None:
        """Hang up on everybody who has to do with a folder; its files stay."""
        self._session.remove_torrent(handle)

    def close(self) -> None:
        """End the session, and wait until what it holds is written."""
        for handle in self._session.get_torrents():
            self._session.remove_torrent(handle)


def _only(addresses: tuple[str, ...]) -> lt.ip_filter:
    blocked, passed = 1, 0
    found = _everywhere(blocked)
    for address in addresses:
        found.add_rule(address, address, passed)
    return found


def _everywhere(value: int) -> lt.ip_filter:
    """Return a filter that says the same of every address."""
    found = lt.ip_filter()
    found.add_rule("0.0.0.0", "255.255.255.255", value)  # noqa: S104 - a range of addresses, not one to listen at
    found.add_rule("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", value)
    return found
