#include <signal.h>

#include <catch2/catch.hpp>

#include "protocol/http_client.h"
#include "tls_target.h"

namespace signalbox::protocol {

using broker::HttpTrouble;
using Catch::Contains;

namespace {

struct TlsTarget {
  explicit TlsTarget(const TestCertificate& certificate,
                     std::string bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
      : server(tls_answering(certificate, std::move(bytes), request_count)) {
    ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  }
  HttpCall call(const std::string& host = "127.0.0.1") const {
    return call_of("https://" + host + ":" + std::to_string(server.port()) + "/hook");
  }

  std::atomic<int> request_count = 0;
  TargetServer server;
};

HttpClientOptions knowing_names() {
  auto options = loopback_options();
  options.look_up = [](const std::string&) { return LookedUp{{"127.0.0.1"}, false, {}}; };
  return options;
}

}  // namespace

TEST_CASE("a certificate of nobody's is refused, before the request is sent", "[tls]") {
  const TestCertificate certificate("IP:127.0.0.1");
  const TlsTarget target(certificate);
  const auto failure = failure_of(ask(target.call()));
  CHECK(failure.trouble == HttpTrouble::tls_failed);
  CHECK_THAT(failure.detail, Contains("not trusted") && Contains("self-signed"));
  CHECK(target.request_count == 0);
}

TEST_CASE("a certificate of an authority that SSL_CERT_FILE names is accepted", "[tls]") {
  const TestCertificate certificate("IP:127.0.0.1,DNS:target.test,DNS:*.wild.test");
  const TlsTarget target(certificate);
  const TrustedFile trusted(certificate);
  for (const auto* host : {"127.0.0.1", "target.test", "TARGET.test", "a.wild.test"}) {
    CAPTURE(host);
    CHECK(answer_of(ask(target.call(host), knowing_names())).body == "hi");
  }
  CHECK(target.request_count == 4);
}

TEST_CASE("a trusted certificate for another host is refused", "[tls]") {
  const TestCertificate certificate("IP:127.0.0.2,DNS:target.test,DNS:*.wild.test");
  const TlsTarget target(certificate);
  const TrustedFile trusted(certificate);
  for (const auto* host :
       {"127.0.0.1", "other.test", "target.test.evil.test", "wild.test", "a.b.wild.test"}) {
    CAPTURE(host);
    const auto failure = failure_of(ask(target.call(host), knowing_names()));
    CHECK(failure.trouble == HttpTrouble::tls_failed);
    CHECK_THAT(failure.detail, Contains("mismatch"));
  }
  CHECK(target.request_count == 0);
}

TEST_CASE("a trusted certificate past its time is refused", "[tls]") {
  const TestCertificate certificate("IP:127.0.0.1", -7200, -3600);
  const TlsTarget target(certificate);
  const TrustedFile trusted(certificate);
  const auto failure = failure_of(ask(target.call()));
  CHECK(failure.trouble == HttpTrouble::tls_failed);
  CHECK_THAT(failure.detail, Contains("expired"));
}

TEST_CASE("an answer over TLS may end with the connection", "[tls]") {
  const TestCertificate certificate("IP:127.0.0.1");
  const TrustedFile trusted(certificate);
  const TlsTarget whole(certificate, "HTTP/1.1 200 OK\r\n\r\nuntil the end");
  CHECK(answer_of(ask(whole.call())).body == "until the end");
  const TlsTarget half(certificate, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
  CHECK(failure_of(ask(half.call())).trouble == HttpTrouble::connection_failed);
}

TEST_CASE("what does not speak TLS is no TLS target", "[tls]") {
  TargetServer plain([](const TargetConnection& connection) {
    char buffer[1024];
    ::recv(connection.fd(), buffer, sizeof buffer, 0);
    connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    connection.wait_for_hang_up();
  });
  const auto call = call_of("https://127.0.0.1:" + std::to_string(plain.port()));
  CHECK(failure_of(ask(call)).trouble == HttpTrouble::tls_failed);

  TargetServer silent([](const TargetConnection& connection) { connection.wait_for_hang_up(); });
  auto waiting = call_of("https://127.0.0.1:" + std::to_string(silent.port()));
  waiting.timeout = 100ms;
  const auto failure = failure_of(ask(std::move(waiting)));
  CHECK(failure.trouble == HttpTrouble::timed_out);
  CHECK_THAT(failure.detail, Contains("agreeing on TLS"));
}

}  // namespace signalbox::protocol
