"""The page on several cores: the links that it shows are ones a core takes."""

from __future__ import annotations

from psycopg.conninfo import conninfo_to_dict

from axisor_server.links import database_url, redis_url
from axisor_server.settings import load
from tests.docs import pages

PAGE = "replicas.md"


def test_the_links_are_ones_a_core_takes():
    settings = load(file=pages.only(PAGE, "toml", "links"), environment={}, flags={}).settings

    asked = conninfo_to_dict(database_url(settings))
    assert asked["sslmode"] == "verify-full"
    assert asked["sslcert"] == settings.database.certificate
    assert redis_url(settings).startswith(settings.redis.url)
