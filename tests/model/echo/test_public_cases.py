"""What echo apps other than Istio's answered in public reports: who failed, and who answered."""

from __future__ import annotations

from meshtui.doctor.explain.catalogue import known_error
from meshtui.model.echo.batch import Batch, BatchReply, ReplyKind, account

BATCH = Batch(number=1, count=10, qps=0, timeout_s=5.0)

TLS_FAILED = (
    'connection error: desc = "transport: authentication handshake failed: tls: first record does not look like'
)


def test_an_ok_reply_with_error_lines_is_ten_failures() -> None:
    """The consumer of dubbo-kubernetes' sample grpc-app: status OK, and each output an error."""
    whole = (
        "ERROR:\nCode: Unknown\nMessage: 10/10 requests had errors; first error: rpc error: code = Unavailable "
        f'desc = {TLS_FAILED} a TLS handshake"'
    )
    lines = [f"[{index}] Error: rpc error: code = Unavailable desc = connection error" for index in range(10)]
    reply = BatchReply(ReplyKind.OUTPUTS, (whole, *lines)).for_batch(BATCH)
    told = account(BATCH, reply)
    assert (told.failed, told.answers, told.lost, told.surplus) == (10, (), 0, 0)
    assert {known_error(failure.text).code for failure in told.failures} == {"tls-to-plaintext"}


def test_all_fields_on_one_line_name_version_and_host() -> None:
    """The same sample, of a ForwardEcho that looks like Istio's."""
    outputs = tuple(
        f"[{index} body] Hostname=producer-v{1 + index % 2}-abc ServiceVersion=v{1 + index % 2} Namespace=shop "
        "IP=10.1.1.1 ServicePort=17070"
        for index in range(10)
    )
    told = account(BATCH, BatchReply(ReplyKind.OUTPUTS, outputs).for_batch(BATCH))
    assert told.split.by_version == {"v1": 5, "v2": 5}
    assert {answer.hostname for answer in told.answers} == {"producer-v1-abc", "producer-v2-abc"}
    assert told.failed == 0
