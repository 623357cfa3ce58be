// What does it cost to check an event against its schema?
//
//   validation_bench [SECONDS_PER_RUN]
//
// Per schema and event the median of five runs, in microseconds an event: parsing the detail alone,
// parsing and checking it as PutEvents on a bus with signalbox:validation does, and, when it was
// built where libvalijson-dev and rapidjson-dev are installed, what these take for the same. The
// runs take turns. Every event is valid; one that is not is checked first, to see that anything is
// checked at all.
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/schemas/enforcement.h"
#include "broker/schemas/schema_compiler.h"

#if __has_include(<valijson/validator.hpp>) && __has_include(<rapidjson/document.h>)
#define SIGNALBOX_WITH_VALIJSON
#include <rapidjson/document.h>

#include <valijson/adapters/rapidjson_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>
#endif

using namespace signalbox::broker;
using Clock = std::chrono::steady_clock;

namespace {

constexpr int run_count = 5;

struct Case {
  std::string name;
  std::string schema;
  std::string detail;
  std::string broken;
};

std::string order(int items, bool with_total) {
  std::string text = R"({"orderId":"ord_67890","customerId":"cust_111","items":[)";
  for (int i = 0; i < items; ++i) {
    if (i > 0) text += ',';
    text += fmt::format(R"({{"productId":"prod_{}","quantity":2,"price":29.99}})", i);
  }
  text += R"(],"metadata":{"correlationId":"corr_abc123","causationId":"evt_00000",)"
          R"("userId":"user_456","at":"2026-01-15T10:30:00Z"})";
  if (with_total) text += R"(,"total":59.98)";
  return text + "}";
}

std::vector<Case> cases() {
  const std::string seed =
      R"({"$schema":"http://json-schema.org/draft-04/schema#","title":"OrderCreated",)"
      R"("type":"object","properties":{"orderId":{"type":"string"},"customerId":{"type":"string"},)"
      R"("total":{"type":"number"}},"required":["orderId","customerId","total"]})";
  const std::string strict =
      R"({"type":"object","additionalProperties":false,"properties":{)"
      R"("orderId":{"type":"string","pattern":"^ord_[0-9]+$"},)"
      R"("customerId":{"type":"string","minLength":1,"maxLength":40},)"
      R"("total":{"type":"number","minimum":0},)"
      R"("items":{"type":"array","minItems":1,"items":{"$ref":"#/definitions/item"}},)"
      R"("metadata":{"type":"object","properties":{"correlationId":{"type":"string"},)"
      R"("causationId":{"type":"string"},"userId":{"type":"string"},)"
      R"("at":{"type":"string"}},"required":["correlationId"]}},)"
      R"("required":["orderId","customerId","items","total"],)"
      R"("definitions":{"item":{"type":"object","required":["productId","quantity","price"],)"
      R"("additionalProperties":false,"properties":{"productId":{"type":"string"},)"
      R"("quantity":{"type":"integer","minimum":1},"price":{"type":"number","minimum":0}}}}})";
  return {{"three members demanded, 1 item", seed, order(1, true), order(1, false)},
          {"every member demanded, 1 item", strict, order(1, true), order(1, false)},
          {"every member demanded, 20 items", strict, order(20, true), order(20, false)}};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Microseconds a call.
double timed(const std::function<bool()>& work, double seconds) {
  const auto start = Clock::now();
  std::size_t calls = 0;
  double spent = 0;
  do {
    for (int i = 0; i < 1000; ++i) {
      if (!work()) std::exit(3);
    }
    calls += 1000;
    spent = std::chrono::duration<double>(Clock::now() - start).count();
  } while (spent < seconds);
  return spent / static_cast<double>(calls) * 1e6;
}

schemas::Enforcement enforcement_of(const std::string& schema) {
  auto compiled = schemas::compile_schema(schema, schemas::SchemaType::json_schema_draft_4);
  auto index = std::make_shared<schemas::SchemaIndex>("shop");
  index->add({"order.created", 1,
              std::get<std::shared_ptr<const schemas::CompiledSchema>>(std::move(compiled))});
  return {schemas::Validation::reject, std::move(index)};
}

struct Contender {
  std::string name;
  std::function<bool(const std::string& detail)> is_valid;
};

std::vector<Contender> contenders_for(const Case& each) {
  std::vector<Contender> contenders;
  contenders.push_back({"parse alone", [](const std::string& detail) {
                          thread_local simdjson::dom::parser parser;
                          simdjson::dom::element value;
                          return parser.parse(detail).get(value) == simdjson::SUCCESS;
                        }});
  contenders.push_back(
      {"signalbox", [enforcement = enforcement_of(each.schema)](const std::string& detail) {
         return !enforcement.find_problem("shop", "order.created", detail, {});
       }});
#ifdef SIGNALBOX_WITH_VALIJSON
  auto document = std::make_shared<rapidjson::Document>();
  document->Parse(each.schema.c_str());
  auto schema = std::make_shared<valijson::Schema>();
  valijson::SchemaParser parser(valijson::SchemaParser::kDraft4);
  parser.populateSchema(valijson::adapters::RapidJsonAdapter(*document), *schema);
  contenders.push_back({"valijson", [document, schema](const std::string& detail) {
                          rapidjson::Document value;
                          value.Parse(detail.c_str());
                          valijson::Validator validator;
                          return validator.validate(
                              *schema, valijson::adapters::RapidJsonAdapter(value), nullptr);
                        }});
#endif
  return contenders;
}

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 0.5;
  fmt::print("cpu  {}\nruns {} of {} s each, in turns; medians, us an event\n\n", cpu_name(),
             run_count, seconds);
  for (const auto& each : cases()) {
    const auto contenders = contenders_for(each);
    std::vector<std::vector<double>> figures(contenders.size());
    for (std::size_t i = 1; i < contenders.size(); ++i) {
      if (contenders[i].is_valid(each.broken)) {
        fmt::print(stderr, "{} takes an event without its total\n", contenders[i].name);
        return 1;
      }
    }
    for (int run = 0; run < run_count; ++run) {
      for (std::size_t i = 0; i < contenders.size(); ++i) {
        figures[i].push_back(timed([&] { return contenders[i].is_valid(each.detail); }, seconds));
      }
    }
    fmt::print("{} ({} bytes)\n", each.name, each.detail.size());
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      fmt::print("  {:<12} {:8.2f}\n", contenders[i].name, median(figures[i]));
    }
  }
  return 0;
}
