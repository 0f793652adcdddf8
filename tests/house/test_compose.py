"""The compose file, the image and the example settings say what the code understands."""

import re
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from notify.cli import app
from notify.domain.words import Lane
from notify.settings import Settings

HOUSE = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((HOUSE / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
DOCKERFILE = (HOUSE / "Dockerfile").read_text()
SETTINGS = {f"NOTIFY_{name.upper()}" for name in Settings.model_fields}


def understood(words: list[str]) -> str:
    """The name of the command that takes these words; fails where there is none."""
    name, *rest = words
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text())["project"]
    brought = project["entry-points"]["notify.commands"]
    if name in brought:
        module, function = brought[name].split(":")
        program = typer.Typer()
        program.command(name)(getattr(import_module(module), function))
        command: Any = typer.main.get_command(program)
    else:
        group: Any = typer.main.get_command(app)
        command = group.commands[name]
    command.make_context(name, rest)
    return name


def variables(text: str) -> set[str]:
    return set(re.findall(r"NOTIFY_[A-Z_]+", text))


def health(service: dict[str, Any]) -> list[str]:
    found: list[str] = service["healthcheck"]["test"]
    return found


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_service_runs_a_command_that_exists_with_these_options(name: str) -> None:
    assert understood(OURS[name]["command"]) == name.split("-", maxsplit=1)[0]


@pytest.mark.parametrize("lane", list(Lane))
def test_every_lane_has_a_worker_that_says_itself_whether_it_lives(lane: Lane) -> None:
    worker = SERVICES[f"worker-{lane}"]

    assert worker["command"] == ["worker", "--lane", lane]
    assert health(worker) == ["CMD", "notify", "healthy", "--lane", lane]
    assert understood(health(worker)[2:]) == "healthy"


def test_there_is_no_worker_for_a_lane_that_does_not_exist() -> None:
    workers = {name for name in SERVICES if name.startswith("worker-")}

    assert workers == {f"worker-{lane}" for lane in Lane}


@pytest.mark.parametrize("name", sorted(name for name in SERVICES if name.startswith("worker-")))
def test_a_worker_can_be_scaled(name: str) -> None:
    fixed = {"container_name", "hostname", "ports", "network_mode"}

    assert not fixed & SERVICES[name].keys()


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_every_service_that_stays_has_a_health_check_and_starts_again(name: str) -> None:
    check = SERVICES[name]["healthcheck"]

    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries"} <= check.keys()
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert "stop_grace_period" in SERVICES[name]


def test_nothing_starts_before_the_migrations_are_done() -> None:
    for name in OURS.keys() - {"migrate"}:
        condition = OURS[name]["depends_on"]["migrate"]["condition"]
        assert condition == "service_completed_successfully"
    assert SERVICES["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_the_service_starts_without_redis_being_healthy() -> None:
    conditions = {s["depends_on"].get("redis", {}).get("condition") for s in OURS.values()}

    assert conditions <= {None, "service_started"}


def test_the_api_is_asked_on_the_port_it_listens_on_at_a_path_it_has() -> None:
    api = SERVICES["api"]
    port = api["environment"]["NOTIFY_HTTP_PORT"]

    assert api["ports"] == [f"127.0.0.1:8000:{port}"]
    assert f"http://127.0.0.1:{port}/healthz" in " ".join(health(api))


def test_every_setting_the_compose_file_and_the_image_name_exists() -> None:
    named = {key for service in OURS.values() for key in service["environment"]}
    named |= variables((HOUSE / "docker-compose.yml").read_text()) | variables(DOCKERFILE)

    assert {name for name in named if name.startswith("NOTIFY_")} <= SETTINGS


def test_what_is_secret_is_asked_for_and_never_written_down() -> None:
    for name in ("PGPASSWORD", "NOTIFY_SECRET_KEYS", "NOTIFY_VAPID_PRIVATE_KEY"):
        for service in OURS.values():
            assert re.fullmatch(r"\$\{\w+:\?.+\}", service["environment"][name])


def test_data_and_bells_survive_a_restart() -> None:
    volumes = {name: SERVICES[name]["volumes"][0].split(":")[0] for name in ("postgres", "redis")}

    assert set(volumes.values()) == set(COMPOSE["volumes"])
    command = SERVICES["redis"]["command"]
    assert command[command.index("--appendonly") + 1] == "yes"


def test_every_image_is_pinned_to_a_version() -> None:
    images = [service["image"] for service in SERVICES.values()]
    images += re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)

    unpinned = [image for image in images if not re.search(r":\d+\.\d+", image)]
    assert unpinned == []


def test_the_image_runs_as_an_ordinary_user_and_speaks_notify() -> None:
    last = DOCKERFILE.split("FROM ")[-1]
    user = re.findall(r"^USER (\d+)", last, re.MULTILINE)

    assert user
    assert user[-1] != "0"
    assert 'ENTRYPOINT ["notify"]' in last


def test_the_image_gets_every_package_and_only_locked_requirements() -> None:
    project = tomllib.loads((HOUSE / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    let_in = (HOUSE / ".dockerignore").read_text().split("\n")

    for package in packages:
        assert f"COPY {package} {package}" in DOCKERFILE
        assert f"!{package}" in let_in
    installs = re.findall(r"pip install (.*)", DOCKERFILE)
    assert all("--require-hashes" in each or "--no-deps" in each for each in installs)


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_the_example_settings_show_every_setting_as_the_code_describes_it(name: str) -> None:
    blocks = (HOUSE / ".env.example").read_text().split("\n\n")
    variable = f"NOTIFY_{name.upper()}"
    field = Settings.model_fields[name]

    block = next((each for each in blocks if f"\n#{variable}=" in each), "")
    told, _, shown = block.strip().rpartition(f"\n#{variable}=")

    assert re.sub(r"\s*\n# |^# ", " ", told).strip() == field.description
    if isinstance(field.default, tuple) and field.default:
        assert shown.strip('"') == ",".join(field.default)
    elif field.default:
        assert shown.strip('"') == str(field.default)


def test_the_example_settings_show_nothing_that_does_not_exist() -> None:
    assert variables((HOUSE / ".env.example").read_text()) - {"NOTIFY_"} <= SETTINGS
