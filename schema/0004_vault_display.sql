-- A masked name goes with its key as before, and for less: the reference looked the key
-- up and locked it once more for every person who is registered. Who displays a name of
-- a person known before locks the key (projections/vault).
alter table vault.display drop constraint display_party_fkey;
create function vault.forget_display() returns trigger language plpgsql as $$
begin
    delete from vault.display where party = old.party;
    return null;
end
$$;
create trigger forget_display after delete on vault.key for each row execute function vault.forget_display();
