// The error for an input tensor that holds NaN or infinity. JavaScript recognises it by its code, NOT_FINITE.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>

namespace dpo {

class NotFinite : public std::invalid_argument {
 public:
  explicit NotFinite(const std::string& tensor)
      : std::invalid_argument("tensor '" + tensor + "' holds a value that is not finite") {}
  NotFinite(const std::string& tensor, int64_t element)
      : std::invalid_argument("tensor '" + tensor + "' holds a value that is not finite, at element " +
                              std::to_string(element)) {}
};

}  // namespace dpo
