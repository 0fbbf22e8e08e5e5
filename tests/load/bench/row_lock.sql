-- The seed's design in its fastest client: one row lock and one commit for each booking.
BEGIN;
SELECT seats_available FROM bench_events WHERE id = 1 FOR UPDATE;
INSERT INTO bench_bookings (event_id, seats) VALUES (1, 1);
UPDATE bench_events SET seats_available = seats_available - 1 WHERE id = 1;
COMMIT;
