// {"id": "pickle"}: refused. A pickle is a program for Python's unpickling machine, not data.
#include "core/codec/registry.h"

namespace vcube {
namespace {

Error refused(const CodecPlace& place) {
    return unsupported(place.what +
                       ": pickled objects are not read: a pickle is a Python program, which reading it "
                       "would run with the rights of its reader");
}

}  // namespace

MadeCodec make_pickle(const Json&, CodecPlace& place) {
    return refused(place);
}

Result<StringCodec> make_pickle_strings(const Json&, CodecPlace& place) {
    return refused(place);
}

}  // namespace vcube
