"""The waiting room: in which order people may book, and from when to when each of them may.

Redis counts who comes; a place's turn follows from the state alone, so that any process can tell it
and nothing need be kept of anybody. PostgreSQL has a copy of the state for when Redis has lost it.
"""
