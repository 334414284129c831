-- What the pages for dead letters, parked events and flow templates ask beside the ledger.
-- depends: 0003-people

-- One kind of dead letter, newest first, and how many there are of each kind.
create index dead_letters_by_kind on dead_letters (tenant_id, state, code, system, dead_letter_id desc);

-- Who put a version of the flow template in force; unknown for those of earlier times.
alter table templates add column applied_by text;
