#include "core/cube/read_source.h"

#include <cstddef>

#include "core/base/concat.h"

namespace vcube {

std::string array_label(const ReadSource& source) {
    return concat(source.store.name(), ": array \"", source.meta.path, "\"");
}

Result<const ChunkForm*> form_of(const ReadSource& source, ChunkForms& forms, const std::vector<Segment>& segments) {
    if (forms.regular()) {
        return &forms.largest();
    }
    Shape shape(segments.size());
    for (std::size_t d = 0; d < shape.size(); ++d) {
        shape[d] = source.meta.chunk_extent(d, segments[d].chunk);
    }
    Result<const ChunkForm*> form = forms.of(shape);
    return form.ok() ? form : with_context(array_label(source), form.error());
}

}  // namespace vcube
