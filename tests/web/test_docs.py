"""What the site tells of itself to programs."""


def test_robots_are_asked_to_leave_the_house_alone(visitor, clean):
    assert "Disallow: /admin" in visitor.get("/robots.txt").text
