import pytest
from django.test import Client

from shouwen.web.policy import CONTENT_POLICY

pytestmark = pytest.mark.django_db


def test_the_front_page_says_that_the_house_runs() -> None:
    response = Client().get("/", headers={"accept-language": "en"})

    assert response.status_code == 200
    assert "runs, and the database answers." in response.content.decode()


def test_pages_load_from_this_house_only() -> None:
    response = Client().get("/")

    assert response.headers["Content-Security-Policy"] == CONTENT_POLICY
    assert b"http://" not in response.content
    assert b"https://" not in response.content


def test_the_page_speaks_chinese_first() -> None:
    response = Client().get("/")

    assert 'lang="zh-hans"' in response.content.decode()
    assert "数据库" in response.content.decode()


def test_the_style_sheet_is_ours() -> None:
    response = Client().get("/web/page.css")

    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
