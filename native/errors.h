// Errors that JavaScript recognises by a code.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>

namespace dpo {

class Coded : public std::runtime_error {
 public:
  Coded(const char* code, const std::string& what) : std::runtime_error(what), code_(code) {}
  const char* code() const { return code_; }

 private:
  const char* code_;
};

// An input tensor holds NaN or infinity.
class NotFinite : public Coded {
 public:
  explicit NotFinite(const std::string& tensor)
      : Coded("NOT_FINITE", "tensor '" + tensor + "' holds a value that is not finite") {}
  NotFinite(const std::string& tensor, int64_t element)
      : Coded("NOT_FINITE", "tensor '" + tensor + "' holds a value that is not finite, at element " +
                                std::to_string(element)) {}
};

// The gradient's norm is NaN or infinite.
class GradientNotFinite : public Coded {
 public:
  GradientNotFinite() : Coded("GRADIENT_NOT_FINITE", "the gradient is not finite, so no step was taken and it was cleared") {}
};

// A logit from which a token is chosen is NaN or infinite.
class LogitsNotFinite : public Coded {
 public:
  LogitsNotFinite() : Coded("LOGITS_NOT_FINITE", "a logit is not finite") {}
};

// The work was interrupted before its end.
class Interrupted : public Coded {
 public:
  Interrupted() : Coded("INTERRUPTED", "the work was interrupted") {}
};

}  // namespace dpo
