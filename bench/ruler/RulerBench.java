import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import software.amazon.event.ruler.Machine;

/**
 * event-ruler over the files of `signalbox bench match --paced`, with the same questions, the same
 * protocol on standard input and output and the same hash: bench/compare-rules runs both in turns.
 *
 * <p>RulerBench RULES EVENTS RULE_COUNT CHECK_COUNT PASS_SECONDS WARM_UP_SECONDS
 *
 * <p>One thread; from the bytes of an event to the names of its rules, which with event-ruler means
 * making a String of them first. Adds the rules, counts and hashes the matches of the first
 * CHECK_COUNT events, warms up, prints {"ready":true}; then a timed pass for each line of input.
 */
public final class RulerBench {
  private static final int EVENTS_PER_READING = 16;

  private final Machine machine = Machine.builder().build();
  private final List<byte[]> events = new ArrayList<>();
  private int nextEvent = 0;
  private int ruleCount = 0;
  private double addSeconds = 0;
  private long matches = 0;
  private int maxMatches = 0;
  private long hash = 0;

  public static void main(String[] arguments) throws Exception {
    RulerBench bench = new RulerBench();
    bench.addRules(Path.of(arguments[0]), Integer.parseInt(arguments[2]));
    bench.readEvents(Path.of(arguments[1]));
    int checkCount = Math.min(Integer.parseInt(arguments[3]), bench.events.size());
    bench.check(checkCount);
    double passSeconds = Double.parseDouble(arguments[4]);
    bench.pass(Double.parseDouble(arguments[5]));
    bench.serve(checkCount, passSeconds);
  }

  private void addRules(Path file, int count) throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    List<String> ids = new ArrayList<>();
    List<String> patterns = new ArrayList<>();
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      for (String line; ids.size() < count && (line = reader.readLine()) != null; ) {
        JsonNode rule = mapper.readTree(line);
        ids.add(rule.get("id").asText());
        patterns.add(rule.get("pattern").toString());
      }
    }
    long start = System.nanoTime();
    for (int i = 0; i < ids.size(); i++) {
      machine.addRule(ids.get(i), patterns.get(i));
    }
    addSeconds = (System.nanoTime() - start) / 1e9;
    ruleCount = ids.size();
  }

  private void readEvents(Path file) throws IOException {
    try (BufferedReader reader = Files.newBufferedReader(file)) {
      for (String line; (line = reader.readLine()) != null; ) {
        events.add(line.getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  private List<String> match(int event) throws Exception {
    return machine.rulesForJSONEvent(new String(events.get(event), StandardCharsets.UTF_8));
  }

  private static long fnv1a64(String text) {
    long result = 0xcbf29ce484222325L;
    for (byte unit : text.getBytes(StandardCharsets.UTF_8)) {
      result = (result ^ (unit & 0xff)) * 0x100000001b3L;
    }
    return result;
  }

  private void check(int count) throws Exception {
    for (int i = 0; i < count; i++) {
      List<String> ids = match(i);
      matches += ids.size();
      maxMatches = Math.max(maxMatches, ids.size());
      for (String id : ids) {
        hash += fnv1a64(id + ":" + i);
      }
    }
  }

  /** Events a second. */
  private double pass(double seconds) throws Exception {
    long count = 0;
    long start = System.nanoTime();
    double elapsed;
    do {
      for (int i = 0; i < EVENTS_PER_READING; i++) {
        match(nextEvent);
        nextEvent = nextEvent + 1 == events.size() ? 0 : nextEvent + 1;
      }
      count += EVENTS_PER_READING;
      elapsed = (System.nanoTime() - start) / 1e9;
    } while (elapsed < seconds);
    return count / elapsed;
  }

  private void serve(int checkCount, double passSeconds) throws Exception {
    say("{\"ready\":true}");
    List<Double> rates = new ArrayList<>();
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
    while (input.readLine() != null) {
      rates.add(pass(passSeconds));
      say("{\"pass\":%d,\"events_per_s\":%.0f}", rates.size(), rates.get(rates.size() - 1));
    }
    double[] sorted = rates.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    if (sorted.length == 0) {
      throw new IllegalStateException("no line came on standard input");
    }
    double median = sorted[sorted.length / 2];
    say("{\"rules\":%d,\"events\":%d,\"checked_events\":%d,\"matches\":%d,\"max_matches\":%d,"
            + "\"hash\":\"%016x\",\"rules_per_s\":%.0f,\"peak_rss_bytes\":%d,"
            + "\"events_per_s\":%.0f,\"slowest_pass\":%.0f,\"fastest_pass\":%.0f,"
            + "\"us_per_event\":%.3f,\"threads\":1}",
        ruleCount, events.size(), checkCount, matches, maxMatches, hash, ruleCount / addSeconds,
        peakRssBytes(), median, sorted[0], sorted[sorted.length - 1], 1e6 / median);
  }

  private static long peakRssBytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmHWM"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
        .findFirst()
        .orElse(0);
  }

  private static void say(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
    System.out.flush();
  }
}
