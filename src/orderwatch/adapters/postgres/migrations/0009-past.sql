-- Replays of the past ask for events by their arrival. They lie in that order, so a few bytes for
-- each range of pages find them.
-- depends: 0008-figures

create index events_by_arrival on events using brin (received_at) with (pages_per_range = 32);
