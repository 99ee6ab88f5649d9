import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { ImportPage } from '~/features/imports/ImportPage'
import { ImportsPage } from '~/features/imports/ImportsPage'
import { NewImportPage } from '~/features/imports/NewImportPage'

// Imports: from the list to a new one, from a check to the real run.

function useOpen(replace = false) {
  const navigate = useNavigate()
  return (id: number) => void navigate({ to: '/imports/$id', params: { id: String(id) }, replace })
}

export function Imports() {
  return <ImportsPage onOpen={useOpen()} />
}

export function NewImport() {
  return <NewImportPage onStarted={useOpen()} />
}

const one = getRouteApi('/app/imports/$id')

export function OneImport() {
  const { id } = one.useParams()
  return <ImportPage key={id} id={Number(id)} onStarted={useOpen(true)} />
}
