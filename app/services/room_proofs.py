"""Proofs of work for joining a waiting room, where its organiser asks for them."""

import time

from app.errors import ProofRefused, RoomAway
from app.services.room_list import RoomList
from app.waiting_room.proofs import Challenge, new_challenge, opened
from app.waiting_room.spent import Spent


def challenge(known: RoomList, event_id: int, key: str) -> Challenge | None:
    """Return what to solve before joining without an account; None where nothing is asked."""
    row = known.row(event_id)
    if row is None or not row.proof_seconds:
        return None
    return new_challenge(event_id, row.epoch, row.proof_seconds, key, time.time())


def check(known: RoomList, spent: Spent, event_id: int, proof: str | None, keys: list[str]) -> None:
    """Use up the proof, where one is asked for.

    Raises `ProofRefused`, and `RoomAway` while it can't be known whether it was used before.
    """
    row = known.row(event_id)
    if row is None or not row.proof_seconds:
        return
    if not proof:
        raise ProofRefused(event_id, "missing")
    found = opened(proof, keys)
    if found is None or (found.event_id, found.epoch) != (event_id, row.epoch):
        raise ProofRefused(event_id, "wrong")
    left = found.expires - time.time()
    if left <= 0:
        raise ProofRefused(event_id, "over")
    is_new = spent.use_once(event_id, found.nonce, int(left) + 1)
    if is_new is None:
        raise RoomAway
    if not is_new:
        raise ProofRefused(event_id, "used")
