import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import software.amazon.event.ruler.Machine;

/**
 * event-ruler's answers to the questions on standard input, one a line:
 *
 * <p>{"patterns":["..."],"events":["..."]} is answered with {"errors":[null or why the pattern is
 * refused, BROKE and an exception where it is a fault],"matches":[the numbers of the patterns that the
 * event matches, or null if it is refused]}
 *
 * <p>All patterns of a question that are valid are in one machine.
 */
public final class RulerAnswers {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  public static void main(String[] arguments) throws Exception {
    BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream output = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line; (line = input.readLine()) != null; ) {
      output.println(MAPPER.writeValueAsString(answer(MAPPER.readTree(line))));
      output.flush();
    }
  }

  private static ObjectNode answer(JsonNode question) {
    Machine machine = Machine.builder().build();
    ArrayNode errors = MAPPER.createArrayNode();
    int number = 0;
    for (JsonNode pattern : question.get("patterns")) {
      try {
        machine.addRule(String.valueOf(number++), pattern.asText());
        errors.addNull();
      } catch (Exception | StackOverflowError refusal) {
        boolean isMeant =
            refusal instanceof IOException || refusal instanceof IllegalArgumentException;
        errors.add(isMeant ? refusal.getMessage() : "BROKE " + refusal);
      }
    }
    ArrayNode matches = MAPPER.createArrayNode();
    for (JsonNode event : question.get("events")) {
      try {
        ArrayNode ids = MAPPER.createArrayNode();
        machine.rulesForJSONEvent(event.asText()).stream()
            .mapToInt(Integer::parseInt).sorted().forEach(ids::add);
        matches.add(ids);
      } catch (Exception | StackOverflowError refusal) {
        matches.addNull();
      }
    }
    ObjectNode answer = MAPPER.createObjectNode();
    answer.set("errors", errors);
    answer.set("matches", matches);
    return answer;
  }
}
