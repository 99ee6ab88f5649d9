-- One number that moves with the catalogue, so that what is made of it can be kept in memory.

CREATE TABLE catalogue_version (
    id INTEGER PRIMARY KEY CHECK (id = 1),             -- one row
    version INTEGER NOT NULL                           -- counts changes of categories, products, profiles, rules and models
);
INSERT INTO catalogue_version (id, version) VALUES (1, 0);

CREATE TRIGGER categories_inserted AFTER INSERT ON categories BEGIN UPDATE catalogue_version SET version = version + 1; END;
CREATE TRIGGER categories_updated AFTER UPDATE ON categories BEGIN UPDATE catalogue_version SET version = version + 1; END;
CREATE TRIGGER categories_deleted AFTER DELETE ON categories BEGIN UPDATE catalogue_version SET version = version + 1; END;
CREATE TRIGGER products_inserted AFTER INSERT ON products BEGIN UPDATE catalogue_version SET version = version + 1; END;
CREATE TRIGGER products_updated AFTER UPDATE ON products BEGIN UPDATE catalogue_version SET version = version + 1; END;
CREATE TRIGGER products_deleted AFTER DELETE ON products BEGIN UPDATE catalogue_version SET version = version + 1; END;
CREATE TRIGGER profiles_inserted AFTER INSERT ON consumption_profiles BEGIN UPDATE catalogue_version SET version = version + 1; END;
CREATE TRIGGER profiles_updated AFTER UPDATE ON consumption_profiles BEGIN UPDATE catalogue_version SET version = version + 1; END;
CREATE TRIGGER profiles_deleted AFTER DELETE ON consumption_profiles BEGIN UPDATE catalogue_version SET version = version + 1; END;
CREATE TRIGGER rules_inserted AFTER INSERT ON product_recommendation_rules BEGIN UPDATE catalogue_version SET version = version + 1; END;
CREATE TRIGGER rules_updated AFTER UPDATE ON product_recommendation_rules BEGIN UPDATE catalogue_version SET version = version + 1; END;
CREATE TRIGGER rules_deleted AFTER DELETE ON product_recommendation_rules BEGIN UPDATE catalogue_version SET version = version + 1; END;
CREATE TRIGGER models_inserted AFTER INSERT ON reorder_models BEGIN UPDATE catalogue_version SET version = version + 1; END;
CREATE TRIGGER models_updated AFTER UPDATE ON reorder_models BEGIN UPDATE catalogue_version SET version = version + 1; END;
CREATE TRIGGER models_deleted AFTER DELETE ON reorder_models BEGIN UPDATE catalogue_version SET version = version + 1; END;
