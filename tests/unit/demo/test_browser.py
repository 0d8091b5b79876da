"""Forms as a browser would send them."""

from portal.demo.browser import Form, forms


def test_a_form_is_sent_to_its_action_with_its_fields() -> None:
    page = """
      <input name="outside" value="1">
      <form method="post" action="/accept?lang=en">
        <input type="hidden" name="conditions" value="2026-01">
        <input type="checkbox" name="untouched">
        <input type="checkbox" name="ticked" value="yes" checked>
        <button type="submit">OK</button>
      </form>
    """

    assert forms(page, "http://portal.example/") == (
        Form(
            "http://portal.example/accept?lang=en",
            "post",
            {"conditions": "2026-01", "ticked": "yes"},
        ),
    )


def test_a_form_without_an_action_is_sent_to_its_own_page() -> None:
    assert forms("<form></form>", "http://portal.example/x") == (
        Form("http://portal.example/x", "get", {}),
    )
