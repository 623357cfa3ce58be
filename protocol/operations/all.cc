// Every operation the broker answers: one row each, in the file of its service. The request and
// response types, their fields and so every codec follow from the function's signature; they are
// what makes these files slow to compile, and why there is more than one.
#include <initializer_list>
#include <vector>

#include "protocol/operations/rows.h"

namespace signalbox::protocol {

namespace {

std::vector<Row> all_rows() {
  using namespace operations;
  std::vector<Row> all;
  for (const auto& rows : {sqs_rows(), events_rows(), scheduler_rows(), schemas_rows(),
                           identity_rows(), lambda_rows()}) {
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return all;
}

}  // namespace

std::span<const Row> operation_rows() {
  static const std::vector<Row> rows = all_rows();
  return rows;
}

}  // namespace signalbox::protocol
