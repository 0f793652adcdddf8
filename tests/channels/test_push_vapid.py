"""Keys, signatures, and whose fault a refused signature is."""

import base64

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from channels.base import Rejected, SenderDown, TryAgain
from channels.vapid import Refusals, VapidSigner, make_vapid_key, public_key

FCM = "https://fcm.example"
MOZILLA = "https://mozilla.example"


def written(
    key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
    *,
    encoding: serialization.Encoding = serialization.Encoding.PEM,
    form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8,
    password: bytes | None = None,
) -> bytes:
    locked = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    return key.private_bytes(encoding, form, locked)


def test_a_made_key_is_32_bytes_and_its_public_key_an_uncompressed_point() -> None:
    key = make_vapid_key()

    point = base64.urlsafe_b64decode(public_key(key) + "=")
    assert len(base64.urlsafe_b64decode(key + "=")) == 32
    assert (len(point), point[0]) == (65, 4)
    assert make_vapid_key() != key


def test_a_key_means_the_same_in_every_form_it_may_be_written_in() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    number = key.private_numbers().private_value.to_bytes(32, "big")
    pem = written(key).decode()
    traditional = written(key, form=serialization.PrivateFormat.TraditionalOpenSSL).decode()
    der = base64.urlsafe_b64encode(written(key, encoding=serialization.Encoding.DER)).decode()
    raw = base64.urlsafe_b64encode(number).decode()

    forms = [pem, pem.replace("\n", "\\n"), traditional, der, raw, raw.rstrip("="), f" {raw}\n"]

    assert len({public_key(form) for form in forms}) == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("secret-words", id="words"),
        pytest.param("schlüssel", id="umlaut"),
        pytest.param("A" * 43, id="zero"),
        pytest.param("_" * 43, id="beyond the order of the curve"),
        pytest.param("-----BEGIN PRIVATE KEY-----\nAAAA", id="broken PEM"),
        pytest.param(written(ed25519.Ed25519PrivateKey.generate()).decode(), id="other kind"),
        pytest.param(written(ec.generate_private_key(ec.SECP384R1())).decode(), id="other curve"),
        pytest.param(
            written(ec.generate_private_key(ec.SECP256R1()), password=b"secret").decode(),
            id="locked",
        ),
    ],
)
def test_anything_else_is_no_key_and_is_not_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="VAPID private key is no P-256 key") as caught:
        VapidSigner(text, subject="mailto:it@example.org")

    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("subject", ["", "it@example.org", "http://example.org", "mailto:it"])
def test_a_subject_that_is_no_contact_is_refused(subject: str) -> None:
    with pytest.raises(ValueError, match="VAPID subject"):
        VapidSigner(make_vapid_key(), subject=subject)


@pytest.mark.parametrize("subject", ["mailto:it@localhost", "https://www.example.org/contact"])
def test_a_mail_address_or_a_page_is_a_contact(subject: str) -> None:
    signer = VapidSigner(make_vapid_key(), subject=subject)

    assert signer.header("http://[::1]:8123").startswith("vapid t=")


def test_a_clock_set_back_makes_a_new_signature() -> None:
    now = [1_000_000.0]
    signer = VapidSigner(make_vapid_key(), subject="mailto:a@b.example", clock=lambda: now[0])
    before = signer.header(FCM)

    now[0] -= 10

    assert signer.header(FCM) != before


def test_signatures_are_kept_for_so_many_origins_and_no_more() -> None:
    signer = VapidSigner(make_vapid_key(), subject="mailto:a@b.example", clock=lambda: 0.0)
    first = signer.header(FCM)

    for number in range(256):
        signer.header(f"https://{number}.example")

    assert signer.header("https://255.example") == signer.header("https://255.example")
    assert signer.header(FCM) != first


def test_the_same_subscription_refused_again_and_again_does_not_blame_the_key() -> None:
    refusals = Refusals()

    kinds = {type(refusals.judge(FCM, "/same", code="403")) for _ in range(20)}

    assert kinds == {TryAgain}


def test_a_service_that_refuses_all_does_not_stop_the_others() -> None:
    refusals = Refusals()
    refusals.accepted(FCM)

    failures = [refusals.judge(MOZILLA, f"/{number}", code="401") for number in range(20)]

    assert {type(failure) for failure in failures} == {TryAgain}


def test_a_key_that_stops_working_is_found_out() -> None:
    refusals = Refusals()
    refusals.accepted(FCM)

    kinds = [type(refusals.judge(FCM, f"/{number}", code="401")) for number in range(6)]

    assert kinds == [Rejected] * 4 + [SenderDown] * 2


def test_what_was_taken_long_ago_no_longer_speaks_for_the_key() -> None:
    now = [0.0]
    refusals = Refusals(clock=lambda: now[0])
    refusals.accepted(FCM)

    now[0] += Refusals.LATELY

    assert type(refusals.judge(FCM, "/1", code="401")) is TryAgain


def test_a_key_that_is_taken_again_is_good_again() -> None:
    refusals = Refusals()
    for number in range(5):
        refusals.judge(FCM, f"/{number}", code="401")

    refusals.accepted(FCM)

    assert type(refusals.judge(FCM, "/1", code="401")) is Rejected


def test_a_wrong_key_is_down_until_a_service_takes_a_message() -> None:
    refusals = Refusals()
    kinds = [type(refusals.judge(FCM, f"/{number}", code="401")) for number in range(8)]

    refusals.accepted(MOZILLA)

    assert kinds == [TryAgain] * 4 + [SenderDown] * 4
    assert type(refusals.judge(FCM, "/odd", code="401")) is TryAgain


def test_refusals_of_long_ago_do_not_add_up_to_a_wrong_key() -> None:
    now = [0.0]
    refusals = Refusals(clock=lambda: now[0])
    kinds = set()
    for number in range(20):
        kinds.add(type(refusals.judge(FCM, f"/{number}", code="401")))
        now[0] += Refusals.LATELY / 4

    assert kinds == {TryAgain}


def test_what_is_remembered_about_services_is_bounded() -> None:
    refusals = Refusals()
    refusals.accepted(FCM)

    for number in range(300):
        refusals.accepted(f"https://{number}.example")
        refusals.judge(f"https://{number + 1_000}.example", "/1", code="401")

    assert type(refusals.judge(FCM, "/1", code="401")) is TryAgain
