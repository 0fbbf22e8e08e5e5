"""`make bench`: what the site does in a second, as ratios against two baselines of the same run."""
