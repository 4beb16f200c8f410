package org.pacekeeper.benchmarks;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** Reads metrics events, keeps totals per campaign in 2 KB of state, writes 1 KB per event. */
public final class DeliveryPeer {
    private static final String TOTALS = "totals";
    private static final int STATE_BYTES = 2048;
    private static final int OUTPUT_BYTES = 1024;

    private DeliveryPeer() {}

    public static void main(String[] arguments) throws InterruptedException {
        Map<String, String> options = options(arguments);
        KafkaStreams streams = new KafkaStreams(topology(options), settings(options));
        CountDownLatch ended = new CountDownLatch(1);
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            ended.countDown();
            return org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler
                    .StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(10))));
        streams.start();
        ended.await();
        System.exit(1);
    }

    private static Map<String, String> options(String[] arguments) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            options.put(arguments[i].substring(2), arguments[i + 1]);
        }
        return options;
    }

    private static Topology topology(Map<String, String> options) {
        KeyValueBytesStoreSupplier supplier = options.get("store").equals("rocksdb")
                ? Stores.persistentKeyValueStore(TOTALS)
                : Stores.inMemoryKeyValueStore(TOTALS);
        var store = Stores.keyValueStoreBuilder(supplier, Serdes.Bytes(), Serdes.ByteArray());
        return new Topology()
                .addSource("metrics", Serdes.Bytes().deserializer(), Serdes.ByteArray().deserializer(),
                        options.get("source"))
                .addProcessor("totals", Totals::new, "metrics")
                .addStateStore(store, "totals")
                .addSink("output", options.get("output"), Serdes.Bytes().serializer(),
                        Serdes.ByteArray().serializer(), "totals");
    }

    private static Properties settings(Map<String, String> options) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, options.get("run"));
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, options.get("bootstrap"));
        settings.put(StreamsConfig.STATE_DIR_CONFIG, options.get("scratch"));
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        // Keys are distinct, so a cache in front of the store would save nothing and cost copies.
        settings.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        settings.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 4000);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 262_144);
        settings.put(StreamsConfig.producerPrefix(ProducerConfig.BUFFER_MEMORY_CONFIG), 67_108_864);
        for (Map.Entry<String, String> option : options.entrySet()) {
            if (option.getKey().startsWith("set.")) {
                settings.put(option.getKey().substring(4), option.getValue());
            }
        }
        return settings;
    }

    /** The job: add one hour to the totals of its campaign. */
    private static final class Totals implements Processor<Bytes, byte[], Bytes, byte[]> {
        private final JsonFactory json = new JsonFactory();
        private ProcessorContext<Bytes, byte[]> context;
        private KeyValueStore<Bytes, byte[]> store;

        @Override
        public void init(ProcessorContext<Bytes, byte[]> context) {
            this.context = context;
            this.store = context.getStateStore(TOTALS);
        }

        @Override
        public void process(Record<Bytes, byte[]> record) {
            Event event = Event.read(json, record.value());
            byte[] before = store.get(record.key());
            byte[] state = before == null ? new byte[STATE_BYTES] : before.clone();
            ByteBuffer totals = ByteBuffer.wrap(state).order(ByteOrder.LITTLE_ENDIAN);
            add(totals, 0, 1);
            add(totals, 8, event.impressions);
            add(totals, 16, event.clicks);
            totals.putLong(24, event.windowStart.getEpochSecond());
            store.put(record.key(), state);
            context.forward(record.withValue(Arrays.copyOf(state, OUTPUT_BYTES)));
        }

        private static void add(ByteBuffer totals, int position, long amount) {
            totals.putLong(position, totals.getLong(position) + amount);
        }
    }

    /** One campaign-hour; every field is read and kept, as a program that needs them would. */
    private static final class Event {
        private String platform;
        private String accountId;
        private String campaignId;
        private String currency;
        private String accountTimezone;
        private Instant windowStart;
        private long impressions;
        private long clicks;
        private BigDecimal spend;
        private BigDecimal conversions;
        private BigDecimal revenue;

        private static Event read(JsonFactory json, byte[] value) {
            Event event = new Event();
            try (JsonParser parser = json.createParser(value)) {
                parser.nextToken();
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    String field = parser.currentName();
                    parser.nextToken();
                    event.set(field, parser);
                }
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
            return event;
        }

        private void set(String field, JsonParser parser) throws IOException {
            switch (field) {
                case "platform" -> platform = parser.getText();
                case "account_id" -> accountId = parser.getText();
                case "campaign_id" -> campaignId = parser.getText();
                case "currency" -> currency = parser.getText();
                case "account_timezone" -> accountTimezone = parser.getText();
                case "window_start" -> windowStart = Instant.parse(parser.getText());
                case "impressions" -> impressions = parser.getLongValue();
                case "clicks" -> clicks = parser.getLongValue();
                case "spend" -> spend = new BigDecimal(parser.getText());
                case "conversions" -> conversions = new BigDecimal(parser.getText());
                case "revenue" -> revenue = new BigDecimal(parser.getText());
                default -> parser.skipChildren();
            }
        }
    }
}
