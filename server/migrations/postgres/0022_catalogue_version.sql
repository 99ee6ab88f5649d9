-- One number that moves with the catalogue, so that what is made of it can be kept in memory.

CREATE TABLE catalogue_version (
    id BIGINT PRIMARY KEY CHECK (id = 1),              -- one row
    version BIGINT NOT NULL                            -- counts changes of categories, products, profiles, rules and models
);
INSERT INTO catalogue_version (id, version) VALUES (1, 0);

CREATE FUNCTION catalogue_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE catalogue_version SET version = version + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER catalogue_changed AFTER INSERT OR UPDATE OR DELETE ON categories EXECUTE FUNCTION catalogue_changed();
CREATE TRIGGER catalogue_changed AFTER INSERT OR UPDATE OR DELETE ON products EXECUTE FUNCTION catalogue_changed();
CREATE TRIGGER catalogue_changed AFTER INSERT OR UPDATE OR DELETE ON consumption_profiles EXECUTE FUNCTION catalogue_changed();
CREATE TRIGGER catalogue_changed AFTER INSERT OR UPDATE OR DELETE ON product_recommendation_rules EXECUTE FUNCTION catalogue_changed();
CREATE TRIGGER catalogue_changed AFTER INSERT OR UPDATE OR DELETE ON reorder_models EXECUTE FUNCTION catalogue_changed();
