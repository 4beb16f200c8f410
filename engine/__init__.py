"""The numeric core: arrays over campaigns in, arrays out; no Kafka, clock, file or chance."""
