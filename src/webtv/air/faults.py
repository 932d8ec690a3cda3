"""Why an RTMP session ended: a closed list, so that a child's words can never carry an address or a key."""

from enum import StrEnum


class Fault(StrEnum):
    """What went wrong; the value is what the child writes."""

    UNKNOWN_HOST = "unknown_host"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    CLOSED = "closed"
    REJECTED = "rejected"
    CERTIFICATE = "certificate"
    CERTIFICATE_NAME = "certificate_name"
    NOT_TLS = "not_tls"
    CA_FILE = "ca_file"
    STALLED = "stalled"
    CUT = "cut"
    KILLED = "killed"
    OTHER = "other"

    @property
    def meaning(self) -> str:
        """What it is, for people."""
        return _TEXTS[self][0]

    @property
    def remedy(self) -> str:
        """What can be done about it."""
        return _TEXTS[self][1]


_ADDRESS = "in WEBTV_OUTPUTS"
_TEXTS = {
    Fault.UNKNOWN_HOST: (
        "the server's name is not known",
        f"correct the host {_ADDRESS}, or mend this machine's DNS",
    ),
    Fault.UNREACHABLE: ("the server cannot be reached", "check this machine's network and its firewall"),
    Fault.REFUSED: ("the connection was refused", f"start the server, or correct host and port {_ADDRESS}"),
    Fault.UNANSWERED: (
        "the server does not answer",
        f"check that an RTMP server listens there, and whether it wants rtmps:// {_ADDRESS}",
    ),
    Fault.CLOSED: (
        "the server closed the connection before it took the stream",
        f"check the key {_ADDRESS}: many servers close without a word on one that they do not know",
    ),
    Fault.REJECTED: (
        "the server does not take the stream",
        f"check the key {_ADDRESS}, and that nobody else publishes under it",
    ),
    Fault.CERTIFICATE: (
        "the server's certificate is not trusted",
        f"correct the host {_ADDRESS}; if it has a CA of its own, name its file as the target's `ca_file`",
    ),
    Fault.CERTIFICATE_NAME: (
        "the server's certificate is for another host",
        f"write the host {_ADDRESS} as the certificate has it",
    ),
    Fault.NOT_TLS: (
        "the server does not speak TLS there",
        f"correct the port {_ADDRESS}, or write rtmp:// if the way to it is your own network",
    ),
    Fault.CA_FILE: (
        "the file of trusted certificates cannot be read",
        "name a PEM file that the head-end may read as the target's `ca_file`",
    ),
    Fault.STALLED: (
        "nothing has been taken for too long",
        "check the way to the server: it needs half as much again as the channel's bit rate",
    ),
    Fault.CUT: (
        "the connection broke off",
        "nothing needs doing if it comes back; else look at the server's log",
    ),
    Fault.KILLED: (
        "its process was killed",
        "nothing needs doing if it comes back; else look for who kills it",
    ),
    Fault.OTHER: ("it failed", "read the server's log; please report it if that says nothing"),
}
