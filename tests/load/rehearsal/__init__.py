"""An on-sale rehearsed against a running site: people, what they were told, and the verdict."""
