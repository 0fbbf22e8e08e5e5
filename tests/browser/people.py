"""Who visits the site in the tests."""

PASSWORD = "correct horse battery"
