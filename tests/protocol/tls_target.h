// Certificates made by the test, and a server's side of TLS over a connection of a TargetServer.
#pragma once

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>

#include "http_target_server.h"

namespace signalbox::protocol {

// Self-signed, for the names and addresses given as in "DNS:a.test,IP:127.0.0.1".
class TestCertificate {
 public:
  explicit TestCertificate(const char* names, long begins_s = -3600, long ends_s = 3600)
      : key_(EVP_RSA_gen(2048), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
    X509* const made = certificate_.get();
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), 1);
    X509_gmtime_adj(X509_getm_notBefore(made), begins_s);
    X509_gmtime_adj(X509_getm_notAfter(made), ends_s);
    X509_set_pubkey(made, key_.get());
    const unsigned char name[] = "a test's own authority";
    X509_NAME* const subject = X509_get_subject_name(made);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0);
    X509_set_issuer_name(made, subject);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> alternatives(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names), X509_EXTENSION_free);
    X509_add_ext(made, alternatives.get(), -1);
    if (X509_sign(made, key_.get(), EVP_sha256()) == 0) throw std::runtime_error("no certificate");
  }

  void write_to(const std::string& path) const {
    std::FILE* const file = std::fopen(path.c_str(), "w");
    if (file == nullptr) throw std::runtime_error("cannot write " + path);
    PEM_write_X509(file, certificate_.get());
    std::fclose(file);
  }

  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> server_context() const {
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()),
                                                              SSL_CTX_free);
    SSL_CTX_use_certificate(context.get(), certificate_.get());
    SSL_CTX_use_PrivateKey(context.get(), key_.get());
    return context;
  }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
};

// Shakes hands, reads what comes first, answers with the bytes and closes, without a goodbye.
inline TargetServer::Serve tls_answering(const TestCertificate& certificate, std::string bytes,
                                         std::atomic<int>& request_count) {
  return [&certificate, bytes = std::move(bytes), &request_count](const TargetConnection& on) {
    const auto context = certificate.server_context();
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
    SSL_set_fd(ssl.get(), on.fd());
    if (SSL_accept(ssl.get()) != 1) return;
    char buffer[16 * 1024];
    if (SSL_read(ssl.get(), buffer, sizeof buffer) <= 0) return;
    ++request_count;
    SSL_write(ssl.get(), bytes.data(), static_cast<int>(bytes.size()));
  };
}

// Trusted by clients that are made meanwhile.
class TrustedFile {
 public:
  explicit TrustedFile(const TestCertificate& certificate) {
    char name[] = "/tmp/signalbox-test-ca-XXXXXX";
    const int fd = ::mkstemp(name);
    if (fd < 0) throw std::runtime_error("no temporary file");
    ::close(fd);
    path_ = name;
    certificate.write_to(path_);
    ::setenv("SSL_CERT_FILE", path_.c_str(), 1);
  }
  ~TrustedFile() {
    ::unsetenv("SSL_CERT_FILE");
    ::unlink(path_.c_str());
  }

 private:
  std::string path_;
};

}  // namespace signalbox::protocol
